package sslv2

import (
	"encoding/binary"

	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// The types of messages.
const (
	msgError              = 0
	msgClientHello        = 1
	msgClientMasterKey    = 2
	msgClientFinished     = 3
	msgServerHello        = 4
	msgServerVerify       = 5
	msgServerFinished     = 6
	msgRequestCertificate = 7
	msgClientCertificate  = 8
)

// The codes of ERROR.
const (
	errNoCipher      = 1
	errNoCertificate = 2
)

// The only certificate type and the only way to authenticate a client.
const (
	certX509   = 1
	authMD5RSA = 1
)

const version = 0x0002

func u16(b []byte, v int) []byte { return binary.BigEndian.AppendUint16(b, uint16(v)) }

// serverHello is SERVER-HELLO: section 2.7.
type serverHello struct {
	hit         bool // the session is resumed: there is no certificate and no kind
	certificate []byte
	kinds       []byte // 3 bytes each
	id          []byte // CONNECTION-ID
}

func parseServerHello(msg []byte) (m serverHello, err error) {
	r := wire.NewReader("SERVER-HELLO", msg)
	r.Check(r.U8("msg_type") == msgServerHello, "msg_type", "it is another message")
	m.hit = r.U8("session_id_hit") != 0
	certType := r.U8("certificate_type")
	r.Check(r.U16("version") == version, "version", "it is not SSL 2.0")
	cert, specs, id := int(r.U16("certificate_length")), int(r.U16("cipher_specs_length")), int(r.U16("connection_id_length"))
	r.Check(m.hit || certType == certX509, "certificate_type", "it is not X.509")
	m.certificate = r.Bytes(cert, "certificate")
	r.Check(specs%3 == 0, "cipher_specs_length", "it is no multiple of 3")
	m.kinds = r.Bytes(specs, "cipher_specs")
	m.id = r.Bytes(id, "connection_id")
	r.Check(len(m.id) >= 16 && len(m.id) <= 32, "connection_id", "it has not 16 to 32 bytes")
	return m, r.Done()
}

func (m *serverHello) append(b []byte) []byte {
	hit, certType := byte(0), byte(certX509)
	if m.hit {
		hit, certType = 1, 0
	}
	b = u16(append(b, msgServerHello, hit, certType), version)
	b = u16(u16(u16(b, len(m.certificate)), len(m.kinds)), len(m.id))
	return append(append(append(b, m.certificate...), m.kinds...), m.id...)
}

// clientMasterKey is CLIENT-MASTER-KEY: section 2.6.
type clientMasterKey struct {
	kind                  Kind
	clear, encrypted, arg []byte
}

func parseClientMasterKey(msg []byte) (m clientMasterKey, err error) {
	r := wire.NewReader("CLIENT-MASTER-KEY", msg)
	r.Check(r.U8("msg_type") == msgClientMasterKey, "msg_type", "it is another message")
	m.kind = Kind(r.U8("cipher_kind"))<<16 | Kind(r.U16("cipher_kind"))
	clearLen, encrypted, arg := int(r.U16("clear_key_length")), int(r.U16("encrypted_key_length")), int(r.U16("key_arg_length"))
	m.clear = r.Bytes(clearLen, "clear_key_data")
	m.encrypted = r.Bytes(encrypted, "encrypted_key_data")
	m.arg = r.Bytes(arg, "key_arg_data")
	return m, r.Done()
}

func (m *clientMasterKey) append(b []byte) []byte {
	b = u16(append(b, msgClientMasterKey, byte(m.kind>>16)), int(m.kind&0xffff))
	b = u16(u16(u16(b, len(m.clear)), len(m.encrypted)), len(m.arg))
	return append(append(append(b, m.clear...), m.encrypted...), m.arg...)
}

// requestCertificate is REQUEST-CERTIFICATE: section 2.8.
func appendRequestCertificate(b, challenge []byte) []byte {
	return append(append(b, msgRequestCertificate, authMD5RSA), challenge...)
}

func parseRequestCertificate(msg []byte) (challenge []byte, err error) {
	r := wire.NewReader("REQUEST-CERTIFICATE", msg)
	r.Check(r.U8("msg_type") == msgRequestCertificate, "msg_type", "it is another message")
	r.Check(r.U8("authentication_type") == authMD5RSA, "authentication_type", "it is not MD5 with RSA")
	challenge = r.Rest()
	r.Check(len(challenge) >= 16 && len(challenge) <= 32, "certificate_challenge_data", "it has not 16 to 32 bytes")
	return challenge, r.Done()
}

// clientCertificate is CLIENT-CERTIFICATE: section 2.9.
type clientCertificate struct{ certificate, response []byte }

func parseClientCertificate(msg []byte) (m clientCertificate, err error) {
	r := wire.NewReader("CLIENT-CERTIFICATE", msg)
	r.Check(r.U8("msg_type") == msgClientCertificate, "msg_type", "it is another message")
	r.Check(r.U8("certificate_type") == certX509, "certificate_type", "it is not X.509")
	cert, response := int(r.U16("certificate_length")), int(r.U16("response_length"))
	m.certificate = r.Bytes(cert, "certificate_data")
	m.response = r.Bytes(response, "response_data")
	return m, r.Done()
}

func (m *clientCertificate) append(b []byte) []byte {
	b = u16(u16(append(b, msgClientCertificate, certX509), len(m.certificate)), len(m.response))
	return append(append(b, m.certificate...), m.response...)
}

// appendPlain appends a message that is its type and one field: CLIENT-FINISHED,
// SERVER-VERIFY, SERVER-FINISHED.
func appendPlain(b []byte, msgType byte, field []byte) []byte {
	return append(append(b, msgType), field...)
}

func appendError(b []byte, code int) []byte { return u16(append(b, msgError), code) }

// NoCipher gives the ERROR of whoever shares no cipher with the peer.
func NoCipher() []byte { return appendError(nil, errNoCipher) }
