package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// EncryptedClientHello is encrypted_client_hello of a ClientHello. RFC 9849,
// section 5:
//
//	enum { outer(0), inner(1) } ECHClientHelloType;
//
//	struct {
//	    ECHClientHelloType type;
//	    select (type) {
//	        case outer:
//	            HpkeKdfId kdf_id;
//	            HpkeAeadId aead_id;
//	            uint8 config_id;
//	            opaque enc<0..2^16-1>;
//	            opaque payload<1..2^16-1>;
//	        case inner:
//	            Empty;
//	    };
//	} ECHClientHello;
type EncryptedClientHello struct {
	Inner    bool // what follows is of the outer form
	KDF      uint16
	AEAD     uint16
	ConfigID uint8
	Enc      []byte
	Payload  []byte // the last bytes of the extension
}

// Suite gives the pair of algorithms.
func (e *EncryptedClientHello) Suite() HPKESuite { return HPKESuite{e.KDF, e.AEAD} }

// ParseEncryptedClientHello reads the extension of a ClientHello.
func ParseEncryptedClientHello(body []byte) (e EncryptedClientHello, err error) {
	r := newExtension("encrypted_client_hello", body)
	t := r.U8("type")
	r.Check(t <= 1, "type", "it is neither outer nor inner")
	if e.Inner = t == 1; e.Inner {
		return e, r.Done()
	}
	e.KDF = r.U16("kdf_id")
	e.AEAD = r.U16("aead_id")
	e.ConfigID = r.U8("config_id")
	e.Enc = r.Vec(2, "enc", 0)
	e.Payload = r.Vec(2, "payload", 1)
	return e, r.Done()
}

// Append appends the extension of a ClientHello.
func (e *EncryptedClientHello) Append(b []byte) []byte {
	b, m := openExtension(b, iana.ExtEncryptedClientHello)
	if e.Inner {
		return m.Close(append(b, 1))
	}
	b = append(u16(u16(append(b, 0), e.KDF), e.AEAD), e.ConfigID)
	return m.Close(vec(vec(b, 2, e.Enc), 2, e.Payload))
}

// ParseECHRetryConfigs reads encrypted_client_hello of EncryptedExtensions: the
// configurations to be used in the next try.
//
//	ECHConfigList retry_configs;
func ParseECHRetryConfigs(body []byte) (ECHConfigs, error) { return ParseECHConfigList(body) }

// AppendECHRetryConfigs appends the extension of EncryptedExtensions.
func AppendECHRetryConfigs(b []byte, c ECHConfigs) []byte {
	b, m := openExtension(b, iana.ExtEncryptedClientHello)
	return m.Close(vec(b, 2, c))
}

// ParseECHConfirmation reads encrypted_client_hello of a HelloRetryRequest:
//
//	opaque confirmation[8];
func ParseECHConfirmation(body []byte) ([]byte, error) {
	r := newExtension("encrypted_client_hello", body)
	b := r.Bytes(8, "confirmation")
	return b, r.Done()
}

// AppendECHConfirmation appends the extension of a HelloRetryRequest.
func AppendECHConfirmation(b []byte, confirmation [8]byte) []byte {
	return AppendExtension(b, iana.ExtEncryptedClientHello, confirmation[:])
}
