package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func delegatedCredentialClientCodec() codec[List[iana.SignatureScheme]] {
	return ofExtension(iana.ExtDelegatedCredential, ParseDelegatedCredentialClient, func(l List[iana.SignatureScheme]) []byte { return AppendDelegatedCredentialClient(nil, l.Values()) }, []string{
		"0002 0403",
		"0006 0403 0804 0401",
	},
		bad{"0000", "supported_signature_algorithms", 0},
		bad{"0001 04", "supported_signature_algorithms", 0})
}

func TestDelegatedCredentialClient(t *testing.T) { delegatedCredentialClientCodec().test(t) }

func FuzzDelegatedCredentialClient(f *testing.F) { delegatedCredentialClientCodec().fuzz(f) }

func delegatedCredentialCodec() codec[DelegatedCredential] {
	return ofExtension(iana.ExtDelegatedCredential, ParseDelegatedCredential, func(d DelegatedCredential) []byte {
		if signed := d.AppendCredential(nil); string(signed) != string(d.Credential) {
			return signed
		}
		return d.Append(nil)
	}, []string{
		"00093a80 0403 000002 3059 0807 0001 ff",
	},
		bad{"00093a80 0403 000000 0807 0001 ff", "ASN1_subjectPublicKeyInfo", 6},
		bad{"00093a80 0403 000001 30 0807 0000", "signature", 12})
}

func TestDelegatedCredential(t *testing.T) { delegatedCredentialCodec().test(t) }

func FuzzDelegatedCredential(f *testing.F) { delegatedCredentialCodec().fuzz(f) }
