package certs

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/crypto/scrypt"
)

// A Seal encrypts private keys for a database, with a master key of 256 bits that
// stands in a file of its own: whoever gets hold of the database alone, such as in
// a backup, has no private key. The file may itself be encrypted, under a
// passphrase. AES-256-GCM; what belongs to one certificate does not open as that
// of another.
type Seal struct{ aead cipher.AEAD }

// masterFile is what stands in the file, as JSON. One of Key and Sealed is there.
type masterFile struct {
	What   string `json:"what"`
	Key    string `json:"key,omitempty"` // hexadecimal digits
	Salt   []byte `json:"salt,omitempty"`
	LogN   int    `json:"scrypt_log_n,omitempty"`
	Sealed []byte `json:"sealed_key,omitempty"` // by a key that scrypt makes of the passphrase
}

const (
	masterWhat = "handsel master key"
	masterSize = 32
	scryptLogN = 16 // 64 MiB and about a fifth of a second
	mostLogN   = 22
)

// ErrPassphrase is the cause if the master key needs a passphrase, or another one.
var ErrPassphrase = errors.New("the passphrase is not right")

// OpenSeal reads the master key from a file. If there is none, one is made, for
// the owner only; a passphrase, unless empty, protects it. sealed says that there
// are private keys already which nothing but the file that is gone would open: then
// none is made.
func OpenSeal(file, passphrase string, sealed bool) (*Seal, error) {
	master, err := readMaster(file, passphrase)
	if errors.Is(err, fs.ErrNotExist) {
		if sealed {
			return nil, &Error{File: file, What: "is gone: the private keys in the store are encrypted with the master key in it",
				Hint: "put it back from a backup; without it, move handsel.db away and import the certificates again", Err: err}
		}
		master, err = makeMaster(file, passphrase)
	}
	if err != nil {
		return nil, err
	}
	return newSeal(master), nil
}

func newSeal(key []byte) *Seal {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // it has 32 bytes
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return &Seal{aead}
}

// seal encrypts what belongs to an id: a random nonce of 12 bytes, ciphertext, tag.
func (s *Seal) seal(plain, id []byte) []byte {
	nonce := make([]byte, s.aead.NonceSize(), s.aead.NonceSize()+len(plain)+s.aead.Overhead())
	rand.Read(nonce)
	return s.aead.Seal(nonce, nonce, plain, id)
}

func (s *Seal) open(sealed, id []byte) ([]byte, error) {
	n := s.aead.NonceSize()
	if len(sealed) < n {
		return nil, errors.New("it is too short")
	}
	plain, err := s.aead.Open(nil, sealed[:n], sealed[n:], id)
	if err != nil {
		return nil, errors.New("it was encrypted with another master key, or changed")
	}
	return plain, nil
}

func readMaster(file, passphrase string) ([]byte, error) {
	if err := OwnerOnly(file); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, &Error{File: file, What: "cannot be read", Err: withoutPath(err)}
	}
	var m masterFile
	damaged := &Error{File: file, What: "is no master key, or it is damaged", Hint: "put it back from a backup"}
	if json.Unmarshal(text, &m) != nil || m.What != masterWhat {
		return nil, damaged
	}
	if m.Key != "" {
		key, err := hex.DecodeString(m.Key)
		if err != nil || len(key) != masterSize {
			return nil, damaged
		}
		return key, nil
	}
	if m.LogN < 1 || m.LogN > mostLogN {
		return nil, damaged
	}
	if passphrase == "" {
		return nil, &Error{File: file, What: "needs its passphrase", Err: ErrPassphrase,
			Hint: "name the file that the passphrase stands in by HANDSEL_PASSPHRASE_FILE"}
	}
	wrap, err := wrapping(passphrase, &m)
	if err != nil {
		return nil, err
	}
	key, err := wrap.open(m.Sealed, []byte(masterWhat))
	if err != nil || len(key) != masterSize {
		return nil, &Error{File: file, What: "does not open", Err: ErrPassphrase}
	}
	return key, nil
}

// wrapping gives the seal of the master key itself.
func wrapping(passphrase string, m *masterFile) (*Seal, error) {
	key, err := scrypt.Key([]byte(passphrase), m.Salt, 1<<m.LogN, 8, 1, masterSize)
	if err != nil {
		return nil, err
	}
	return newSeal(key), nil
}

// makeMaster makes a master key and its file.
func makeMaster(file, passphrase string) ([]byte, error) {
	key := make([]byte, masterSize)
	rand.Read(key)
	text, err := masterText(key, passphrase)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, &Error{File: file, What: "cannot be made", Err: err}
	}
	if err := makeFile(file, text); err != nil {
		return nil, &Error{File: file, What: "cannot be made", Err: withoutPath(err)}
	}
	return key, nil
}

func masterText(key []byte, passphrase string) ([]byte, error) {
	m := masterFile{What: masterWhat}
	if passphrase == "" {
		m.Key = hex.EncodeToString(key)
	} else {
		m.Salt, m.LogN = make([]byte, 16), scryptLogN
		rand.Read(m.Salt)
		wrap, err := wrapping(passphrase, &m)
		if err != nil {
			return nil, err
		}
		m.Sealed = wrap.seal(key, []byte(masterWhat))
	}
	text, err := json.MarshalIndent(m, "", "  ")
	return append(text, '\n'), err
}

// ChangePassphrase has the file of a master key need another passphrase, or none.
// The key stays, so that a server that runs does not notice.
func ChangePassphrase(file, before, after string) error {
	key, err := readMaster(file, before)
	if err != nil {
		return err
	}
	text, err := masterText(key, after)
	if err != nil {
		return err
	}
	if err := replaceFile(file, text, 0o600); err != nil {
		return &Error{File: file, What: "cannot be changed", Err: withoutPath(err)}
	}
	return nil
}

// ReadPassphrase reads a passphrase or a password from a file: its first line.
func ReadPassphrase(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", &Error{File: file, What: "cannot be read", Err: withoutPath(err)}
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	if line = bytes.TrimSuffix(line, []byte("\r")); len(line) == 0 {
		return "", &Error{File: file, What: "has no passphrase in its first line"}
	}
	return string(line), nil
}
