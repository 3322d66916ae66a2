//go:build cgo

package main

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/miekg/pkcs11"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/handsel-tls/handsel/internal/serve/signer"
)

// eddsa is CKM_EDDSA of PKCS #11, version 3.0.
const eddsa = 0x1057

// A token is an open session with a key.
type token struct {
	module  *pkcs11.Ctx
	session pkcs11.SessionHandle
	key     pkcs11.ObjectHandle
}

// open loads the library, logs in and looks for the key. The process ends when the
// key is no longer wanted: what was opened until an error goes with it.
func open(at place) (*token, error) {
	t := &token{module: pkcs11.New(at.module)}
	if t.module == nil {
		return nil, fmt.Errorf("%s cannot be loaded: it has to be a PKCS #11 library for this kind of computer", at.module)
	}
	if err := t.module.Initialize(); err != nil {
		return nil, fmt.Errorf("%s: %w", at.module, err)
	}
	slot, err := t.slot(at.token)
	if err != nil {
		return nil, err
	}
	if t.session, err = t.module.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION); err != nil {
		return nil, fmt.Errorf("token %q: %w", at.token, err)
	}
	if err := t.module.Login(t.session, pkcs11.CKU_USER, at.pin); err != nil && !errors.Is(err, pkcs11.Error(pkcs11.CKR_USER_ALREADY_LOGGED_IN)) {
		return nil, fmt.Errorf("token %q: the PIN is not taken: %w", at.token, err)
	}
	t.key, err = t.find(at)
	return t, err
}

// slot finds a token by its label.
func (t *token) slot(label string) (uint, error) {
	slots, err := t.module.GetSlotList(true)
	if err != nil {
		return 0, err
	}
	var there []string
	for _, s := range slots {
		info, err := t.module.GetTokenInfo(s)
		if err != nil {
			continue
		}
		if info.Label == label {
			return s, nil
		}
		if info.Label != "" {
			there = append(there, fmt.Sprintf("%q", info.Label))
		}
	}
	return 0, fmt.Errorf("there is no token %q; there are %v", label, there)
}

// find finds the private key, of which there has to be one.
func (t *token) find(at place) (key pkcs11.ObjectHandle, err error) {
	want := []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_PRIVATE_KEY)}
	if at.label != "" {
		want = append(want, pkcs11.NewAttribute(pkcs11.CKA_LABEL, at.label))
	}
	if len(at.id) > 0 {
		want = append(want, pkcs11.NewAttribute(pkcs11.CKA_ID, at.id))
	}
	if err := t.module.FindObjectsInit(t.session, want); err != nil {
		return 0, err
	}
	found, _, err := t.module.FindObjects(t.session, 2)
	err = errors.Join(err, t.module.FindObjectsFinal(t.session))
	switch {
	case err != nil:
		return 0, err
	case len(found) == 0:
		return 0, fmt.Errorf("token %q has no private key of that label or id", at.token)
	case len(found) > 1:
		return 0, fmt.Errorf("token %q has several private keys of that label or id: name both", at.token)
	}
	return found[0], nil
}

func (t *token) close() {
	t.module.CloseSession(t.session)
	t.module.Finalize()
	t.module.Destroy()
}

// sign makes a signature.
func (t *token) sign(r *signer.Request) ([]byte, error) {
	content := r.Digest
	how := pkcs11.NewMechanism(pkcs11.CKM_ECDSA, nil)
	switch r.Scheme {
	case signer.SchemeECDSA:
	case signer.SchemeEd25519:
		how = pkcs11.NewMechanism(eddsa, nil)
	case signer.SchemePKCS1:
		prefix, ok := prefixes[r.Hash]
		if !ok {
			return nil, fmt.Errorf("hash %q is not known", r.Hash)
		}
		how, content = pkcs11.NewMechanism(pkcs11.CKM_RSA_PKCS, nil), append(prefix[:len(prefix):len(prefix)], r.Digest...)
	case signer.SchemePSS:
		h, ok := pssHashes[r.Hash]
		if !ok {
			return nil, fmt.Errorf("hash %q is not known", r.Hash)
		}
		how = pkcs11.NewMechanism(pkcs11.CKM_RSA_PKCS_PSS, pkcs11.NewPSSParams(h.hash, h.mask, uint(r.Salt)))
	default:
		return nil, fmt.Errorf("scheme %q is not known", r.Scheme)
	}
	if err := t.module.SignInit(t.session, []*pkcs11.Mechanism{how}, t.key); err != nil {
		return nil, fmt.Errorf("the token does not sign %s: %w", r.Scheme, err)
	}
	signature, err := t.module.Sign(t.session, content)
	if err != nil || r.Scheme != signer.SchemeECDSA {
		return signature, err
	}
	return inDER(signature)
}

// inDER gives two numbers of one length, r and s of ECDSA, as X.509 has them.
func inDER(both []byte) ([]byte, error) {
	if len(both) == 0 || len(both)%2 != 0 {
		return nil, fmt.Errorf("the token gave a signature of %d bytes", len(both))
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(new(big.Int).SetBytes(both[:len(both)/2]))
		b.AddASN1BigInt(new(big.Int).SetBytes(both[len(both)/2:]))
	})
	return b.Bytes()
}

// prefixes stand before a digest in a signature of PKCS #1 v1.5: they name the
// hash, but for that of TLS 1.1 and below. RFC 8017, section 9.2, note 1.
var prefixes = map[string][]byte{
	"md5sha1": {},
	"sha1":    {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14},
	"sha256":  {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20},
	"sha384":  {0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30},
	"sha512":  {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40},
}

// pssHashes are the numbers of hashes and of the masks made with them.
var pssHashes = map[string]struct{ hash, mask uint }{
	"sha256": {pkcs11.CKM_SHA256, pkcs11.CKG_MGF1_SHA256},
	"sha384": {pkcs11.CKM_SHA384, pkcs11.CKG_MGF1_SHA384},
	"sha512": {pkcs11.CKM_SHA512, pkcs11.CKG_MGF1_SHA512},
}
