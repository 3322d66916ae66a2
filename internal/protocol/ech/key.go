package ech

import (
	"bytes"
	"crypto/hpke"
	"errors"
	"fmt"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

var errNoAEAD = errors.New("ech: the suite encrypts nothing")

// A Key is a configuration of a server with its private key.
type Key struct {
	ID         uint8
	Suites     wire.HPKESuites
	PublicName string
	config     []byte // the ECHConfig
	private    hpke.PrivateKey
}

// NewKey makes a key of an ECHConfig and the private key in the form of RFC
// 9180, section 7.1.2. It fails if they do not belong together.
func NewKey(config, private []byte) (*Key, error) {
	c, err := wire.ParseECHConfig(config)
	if err != nil {
		return nil, fmt.Errorf("ech: the configuration cannot be read: %w", err)
	}
	kem, err := hpke.NewKEM(c.KEM)
	if err != nil {
		return nil, fmt.Errorf("ech: KEM %#04x of the configuration: %w", c.KEM, err)
	}
	k := &Key{ID: c.ConfigID, Suites: bytes.Clone(c.Suites), PublicName: string(c.PublicName), config: bytes.Clone(config)}
	if k.private, err = kem.NewPrivateKey(private); err != nil {
		return nil, errors.New("ech: the private key cannot be read") // and is not to be shown
	}
	if !bytes.Equal(k.private.PublicKey().Bytes(), c.PublicKey) {
		return nil, errors.New("ech: the private key is not that of the configuration")
	}
	for s := range k.Suites.All() {
		if _, _, err := algorithms(s); err == nil {
			return k, nil
		}
	}
	return nil, errors.New("ech: the configuration has no cipher suite that is known here")
}

// Config gives the ECHConfig. It must not be changed.
func (k *Key) Config() []byte { return k.config }

// Keys are the keys of a server.
type Keys struct {
	List  []*Key
	Retry wire.ECHConfigs // for clients whose ClientHello none of them opens

	// AnyID tries all keys, whatever config_id the client sends. It costs a key
	// exchange for each, and is for clients that send a random one (RFC 9849,
	// section 10.4).
	AnyID bool
}

// Add adds a key. Its configuration is given to clients for their next try if
// retry is set.
func (k *Keys) Add(key *Key, retry bool) {
	k.List = append(k.List, key)
	if retry {
		k.Retry = append(k.Retry, key.config...)
	}
}

// Opened is the receiving end of a client's encryption: it opens the first
// ClientHelloOuter, and the one that follows a HelloRetryRequest.
type Opened struct {
	Key       *Key
	id        uint8
	suite     wire.HPKESuite
	recipient *hpke.Recipient
}

// Open decrypts the ClientHelloInner of a ClientHelloOuter, given without its
// header, whose extension is e. The suite has to be one of the key's. The
// error says that the client used another key, or that something was altered.
func (k *Key) Open(outer []byte, block wire.Extensions, e *wire.EncryptedClientHello) (*Opened, []byte, error) {
	kdf, aead, err := algorithms(e.Suite())
	if err != nil {
		return nil, nil, err
	}
	recipient, err := hpke.NewRecipient(e.Enc, k.private, kdf, aead, info(k.config))
	if err != nil {
		return nil, nil, err
	}
	o := &Opened{k, e.ConfigID, e.Suite(), recipient}
	encoded, err := o.open(outer, block, e)
	return o, encoded, err
}

func (o *Opened) open(outer []byte, block wire.Extensions, e *wire.EncryptedClientHello) ([]byte, error) {
	from, to := payloadAt(outer, block, len(e.Payload))
	return o.recipient.Open(authenticated(outer, from, to), e.Payload)
}

// Again decrypts the second ClientHelloOuter, given without its header, and
// makes the second ClientHelloInner. RFC 9849, section 7.1.1.
func (o *Opened) Again(body []byte) ([]byte, error) {
	outer, err := wire.ParseClientHello(body)
	if err != nil {
		return nil, fault.With(fault.HelloForm, "%w", err)
	}
	if t, twice := outer.Extensions.Duplicate(); twice {
		return nil, fault.With(fault.DuplicateExtension, "%v", t)
	}
	ext, ok := outer.Extensions.Get(iana.ExtEncryptedClientHello)
	if !ok {
		return nil, fault.With(fault.MissingExtension, "%v is gone from the second ClientHello", iana.ExtEncryptedClientHello)
	}
	e, err := Parse(ext)
	switch {
	case err != nil:
		return nil, err
	case e.Inner || e.ConfigID != o.id || e.Suite() != o.suite || len(e.Enc) > 0:
		return nil, fault.ECHChanged
	}
	encoded, err := o.open(body, outer.Extensions, &e)
	if err != nil {
		return nil, fault.ECHNotDecrypted
	}
	return Decode(encoded, &outer)
}
