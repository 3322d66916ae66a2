// Command handsel-pkcs11 signs with a key that a PKCS #11 token holds, such as a
// hardware module or a smart card. Handsel starts it for a certificate that was
// imported with it, and asks it for signatures: see package
// internal/serve/signer. The module of the token, which is foreign code, runs in
// this process and not in the server's.
//
//	handsel cert import www.pem -- handsel-pkcs11 --module /usr/lib/softhsm/libsofthsm2.so \
//	    --token web --pin-file pin.txt --label www
//
// It is built with cgo: go build ./cmd/handsel-pkcs11 needs a C compiler.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/handsel-tls/handsel/internal/serve/certs"
	"github.com/handsel-tls/handsel/internal/serve/signer"
)

// A place says which key is meant.
type place struct {
	module string // the library of the token
	token  string // its label
	pin    string
	label  string // of the private key; "" for any
	id     []byte // its CKA_ID; nil for any
}

func main() {
	at, err := arguments(os.Args[1:])
	if err == nil {
		err = serve(at, os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "handsel-pkcs11: "+err.Error())
		os.Exit(1)
	}
}

func arguments(args []string) (at place, err error) {
	f := flag.NewFlagSet("handsel-pkcs11", flag.ExitOnError)
	f.StringVar(&at.module, "module", "", "the token's library, such as /usr/lib/softhsm/libsofthsm2.so")
	f.StringVar(&at.token, "token", "", "label of the token")
	pinFile := f.String("pin-file", "", "file whose first line is the PIN, for its owner alone (0600)")
	f.StringVar(&at.label, "label", "", "label of the private key (CKA_LABEL)")
	id := f.String("id", "", "its id (CKA_ID), in hexadecimal digits")
	if err := f.Parse(args); err != nil {
		return at, err
	}
	if f.NArg() > 0 || at.module == "" || at.token == "" || *pinFile == "" || at.label == "" && *id == "" {
		return at, fmt.Errorf("--module, --token, --pin-file and one of --label and --id are needed (--help)")
	}
	if at.id, err = hex.DecodeString(*id); err != nil {
		return at, fmt.Errorf("--id: %w", err)
	}
	if err := certs.OwnerOnly(*pinFile); err != nil {
		return at, err
	}
	at.pin, err = certs.ReadPassphrase(*pinFile)
	return at, err
}

// serve answers requests until there are no more.
func serve(at place, in io.Reader, out io.Writer) error {
	t, err := open(at)
	if err != nil {
		return err
	}
	defer t.close()
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		var r signer.Request
		var a signer.Answer
		err := json.Unmarshal(lines.Bytes(), &r)
		if err == nil {
			a.Signature, err = t.sign(&r)
		}
		if err != nil {
			a = signer.Answer{Error: err.Error()}
		}
		text, err := json.Marshal(a)
		if err != nil {
			return err
		}
		if _, err := out.Write(append(text, '\n')); err != nil {
			return err
		}
	}
	return lines.Err()
}
