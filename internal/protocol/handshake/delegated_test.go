package handshake_test

import (
	"errors"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/extension"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// A delegated credential beside a raw public key has no certificate to stand in
// for: it is refused, and looked at no further.
func TestDelegatedRawKey(t *testing.T) {
	raw, err := sign.NewRawCredential(tlstest.Credentials()["P-256"].Key, sign.Extra{})
	if err != nil {
		t.Fatal(err)
	}
	list := wire.AppendCertificateEntry(nil, raw.Chain[0], wire.AppendExtension(nil, iana.ExtDelegatedCredential, []byte{1, 2, 3}))
	message := wire.AppendCertificate13(nil, nil, append([]byte{0, byte(len(list) >> 8), byte(len(list))}, list...))
	shown, err := wire.ParseCertificate13(message[wire.HeaderLen:])
	if err != nil {
		t.Fatal(err)
	}
	var asked extension.Set
	asked.Add(iana.ExtDelegatedCredential)
	peer, err := handshake.ReadPeer13(&shown, asked, iana.CertRawPublicKey)
	if err != nil {
		t.Fatal(err)
	}
	core := handshake.NewCore(&handshake.Config{Policy: policy.Modern(), AcceptDelegated: true})
	defer core.Free()
	if err := core.CheckDelegation(peer, true); !errors.Is(err, fault.DelegationInvalid) {
		t.Error(err)
	}
}
