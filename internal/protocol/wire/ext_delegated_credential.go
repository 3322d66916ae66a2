package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// ParseDelegatedCredentialClient reads delegated_credential of a ClientHello or
// CertificateRequest: the schemes that a delegated credential may use. RFC
// 9345, section 4.1.1:
//
//	SignatureScheme supported_signature_algorithms<2..2^16-2>;
func ParseDelegatedCredentialClient(body []byte) (List[iana.SignatureScheme], error) {
	r := newExtension("delegated_credential", body)
	l := list[iana.SignatureScheme](&r, 2, "supported_signature_algorithms", 2)
	return l, r.Done()
}

// AppendDelegatedCredentialClient appends the extension of the side that asks.
func AppendDelegatedCredentialClient(b []byte, schemes []iana.SignatureScheme) []byte {
	return appendList(b, iana.ExtDelegatedCredential, 2, schemes)
}

// DelegatedCredential is delegated_credential of a CertificateEntry. RFC 9345,
// section 4:
//
//	struct {
//	    uint32 valid_time;                      // seconds after notBefore
//	    SignatureScheme dc_cert_verify_algorithm;
//	    opaque ASN1_subjectPublicKeyInfo<1..2^24-1>;
//	} Credential;
//
//	struct {
//	    Credential cred;
//	    SignatureScheme algorithm;
//	    opaque signature<1..2^16-1>;
//	} DelegatedCredential;
type DelegatedCredential struct {
	ValidTime    uint32
	VerifyScheme iana.SignatureScheme // of the handshake's CertificateVerify
	PublicKey    []byte               // DER
	Credential   []byte               // what is signed: valid_time to the public key
	Scheme       iana.SignatureScheme // of the signature below
	Signature    []byte
}

// ParseDelegatedCredential reads the extension of the side that answers.
func ParseDelegatedCredential(body []byte) (d DelegatedCredential, err error) {
	r := newExtension("delegated_credential", body)
	d.ValidTime = r.U32("valid_time")
	d.VerifyScheme = iana.SignatureScheme(r.U16("dc_cert_verify_algorithm"))
	d.PublicKey = r.Vec(3, "ASN1_subjectPublicKeyInfo", 1)
	d.Credential = body[:r.off:r.off]
	d.Scheme = iana.SignatureScheme(r.U16("algorithm"))
	d.Signature = r.Vec(2, "signature", 1)
	return d, r.Done()
}

// AppendCredential appends what is signed: valid_time to the public key.
func (d *DelegatedCredential) AppendCredential(b []byte) []byte {
	return vec(u16(u32(b, d.ValidTime), uint16(d.VerifyScheme)), 3, d.PublicKey)
}

// Append appends the extension of the side that answers.
func (d *DelegatedCredential) Append(b []byte) []byte {
	b, m := openExtension(b, iana.ExtDelegatedCredential)
	return m.Close(vec(u16(d.AppendCredential(b), uint16(d.Scheme)), 2, d.Signature))
}
