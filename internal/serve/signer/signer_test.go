package signer

import (
	"bufio"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/sign"
)

// program has this test be the program that signs, in the way that the argument
// after it names.
const program = "signs"

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == program {
		signs(os.Args[2])
		return
	}
	os.Exit(m.Run())
}

// secrets are the keys that the program has, by their ids.
var secrets = sync.OnceValue(func() map[string]crypto.Signer {
	text, err := os.ReadFile(os.Getenv("HANDSEL_TEST_KEYS"))
	if err != nil {
		panic(err)
	}
	all := map[string]crypto.Signer{}
	for line := range strings.Lines(string(text)) {
		key, err := sign.ParsePrivateKey(decoded(line))
		if err != nil {
			panic(err)
		}
		id, _ := KeyID(key.Public())
		all[id] = key
	}
	return all
})

func decoded(line string) (b []byte) {
	if _, err := fmt.Sscanf(line, "%x", &b); err != nil {
		panic(err)
	}
	return b
}

// signs answers requests as a program does.
func signs(how string) {
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		var r Request
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			panic(err)
		}
		switch how {
		case "refuses":
			fmt.Println(`{"error": "the card is\nnot there"}`)
			continue
		case "babbles":
			fmt.Println("hello")
			continue
		case "talks":
			fmt.Print(strings.Repeat("x", mostAnswer+1))
			continue
		case "dies":
			fmt.Fprintln(os.Stderr, "cannot open\x1b the token")
			os.Exit(1)
		case "sleeps":
			time.Sleep(time.Minute)
		}
		key, ok := secrets()[r.Key]
		if how == "errs" {
			for _, other := range secrets() {
				if _, ok := other.(*rsa.PrivateKey); ok {
					key = other
				}
			}
		}
		if !ok {
			fmt.Println(`{"error": "no such key"}`)
			continue
		}
		var opts crypto.SignerOpts = crypto.Hash(0)
		for h, name := range Hashes {
			if name == r.Hash {
				opts = h
			}
		}
		if r.Scheme == SchemePSS {
			opts = &rsa.PSSOptions{SaltLength: r.Salt, Hash: opts.HashFunc()}
		}
		signature, err := key.Sign(rand.Reader, r.Digest, opts)
		answer := Answer{Signature: signature}
		if err != nil {
			answer.Error = err.Error()
		}
		text, _ := json.Marshal(answer)
		if how == "once" { // without an end of line, as printf has it
			os.Stdout.Write(text)
			return
		}
		os.Stdout.Write(append(text, '\n'))
	}
}

// keys makes keys that programs of this test have.
func keys(t *testing.T) map[string]crypto.Signer {
	t.Helper()
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, edwards, _ := ed25519.GenerateKey(rand.Reader)
	modulus, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]crypto.Signer{"ECDSA": curve, "Ed25519": edwards, "RSA": modulus}
	text := ""
	for _, key := range all {
		der, err := sign.MarshalPrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		text += fmt.Sprintf("%x\n", der)
	}
	file := t.TempDir() + "/keys"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HANDSEL_TEST_KEYS", file)
	return all
}

func of(t *testing.T, how string, public crypto.PublicKey) *Signer {
	t.Helper()
	s, err := New([]string{os.Args[0], program, how}, public)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Every kind of key signs in every way that TLS has, with a program that goes on
// and with one that ends after each signature.
func TestSign(t *testing.T) {
	for name, key := range keys(t) {
		for _, how := range []string{"signs", "once"} {
			t.Run(name+" "+how, func(t *testing.T) {
				t.Parallel()
				s := of(t, how, key.Public())
				all := []crypto.SignerOpts{crypto.SHA256, crypto.SHA384, crypto.SHA512, crypto.SHA1}
				switch name {
				case "RSA":
					all = append(all, crypto.MD5SHA1)
					for _, h := range all[:3] {
						all = append(all, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: h.HashFunc()})
					}
				case "Ed25519":
					all = []crypto.SignerOpts{crypto.Hash(0)}
				}
				for _, opts := range all {
					size := 100 // of a message
					if opts.HashFunc() != 0 {
						size = opts.HashFunc().Size()
					}
					if _, err := s.Sign(nil, make([]byte, size), opts); err != nil { // it verifies what it gives
						t.Errorf("%v: %v", opts, err)
					}
				}
				if err := s.Check(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// What goes wrong is named, and takes no longer than the limit.
func TestErrors(t *testing.T) {
	all := keys(t)
	public := all["ECDSA"].Public()
	for how, want := range map[string]string{
		"refuses": "the card is not there",
		"babbles": `it answered "hello\n": a line of JSON is expected`,
		"talks":   "its answer is longer than 65536 bytes",
		"dies":    "it ended without an answer: cannot open? the token",
		"errs":    "gave a signature that is wrong for this certificate",
		"sleeps":  "it gave no answer within 300ms",
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s := of(t, how, public)
			if how == "sleeps" {
				s.limit = 300 * time.Millisecond
			}
			begin := time.Now()
			err := s.Check()
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), os.Args[0]) {
				t.Error(err)
			}
			if time.Since(begin) > Limit/2 {
				t.Error("it took", time.Since(begin))
			}
		})
	}
	s, err := New([]string{"/nowhere/sign"}, public)
	if err == nil {
		err = s.Check()
	}
	if err == nil || !strings.Contains(err.Error(), "it cannot be started") {
		t.Error(err)
	}
	if _, err := New(nil, public); err == nil {
		t.Error("no program is taken for one")
	}
	if _, err := New([]string{"sign"}, 5); err == nil {
		t.Error("a number is taken for a key")
	}
}

// Many signatures at once are made by a few processes, which are used again.
func TestManyAtOnce(t *testing.T) {
	s := of(t, "signs", keys(t)["ECDSA"].Public())
	var wait sync.WaitGroup
	for range 4 * mostAtOnce {
		wait.Go(func() {
			for range 5 {
				if err := s.Check(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	if n := len(s.pool.idle); n == 0 || n > mostAtOnce {
		t.Errorf("%d processes wait", n)
	}
	// All of them end, as they may: others take their place.
	for _, p := range s.pool.idle {
		end(p.command.Process)
	}
	if err := s.Check(); err != nil {
		t.Error(err)
	}
}
