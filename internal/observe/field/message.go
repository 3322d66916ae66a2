package field

import (
	"fmt"
	"slices"
	"strings"

	"github.com/handsel-tls/handsel/internal/protocol/compress"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// bodies read the bodies of handshake messages. What has none here is shown in
// digits.
var bodies = map[iana.HandshakeType]func(r *reader, c *Context){
	iana.MsgClientHello:         clientHello,
	iana.MsgServerHello:         serverHello,
	iana.MsgNewSessionTicket:    newSessionTicket,
	iana.MsgEncryptedExtensions: func(r *reader, c *Context) { r.extensions(c, iana.MsgEncryptedExtensions) },
	iana.MsgCertificate:         certificate,
	iana.MsgServerKeyExchange:   serverKeyExchange,
	iana.MsgCertificateRequest:  certificateRequest,
	iana.MsgCertificateVerify:   certificateVerify,
	iana.MsgClientKeyExchange:   clientKeyExchange,
	iana.MsgFinished:            func(r *reader, _ *Context) { r.rest("verify_data", "Verify Data") },
	iana.MsgCertificateStatus:   certificateStatus,
	iana.MsgKeyUpdate:           keyUpdate,
}

// Handshake gives the tree of a handshake message, which begins with its header of
// 4 bytes. RFC 9846, section 4.
func Handshake(raw []byte, c Context) *Field {
	if c.SSL2 {
		return message2(raw)
	}
	f := &Field{Name: "Handshake", Label: "Handshake Protocol", End: len(raw), Raw: raw}
	r := newReader(f, raw, 0)
	t := iana.HandshakeType(r.number(1, "msg_type", "Handshake Type", named[iana.HandshakeType](0)))
	if r.bad {
		return f
	}
	f.Name = wire.MessageName(t)
	if c.Retry {
		f.Name = "HelloRetryRequest"
	}
	f.Label += ": " + f.Name
	length := int(r.number(3, "length", "Length", nil))
	if r.bad {
		return f
	}
	if have := r.Left(); have != length {
		f.Error = fmt.Sprintf("it takes %s, and %d are there", count(length, "byte"), have)
	}
	switch read := bodies[t]; {
	case t == iana.MsgCompressedCertificate: // which holds another message
		compressedCertificate(r, &c)
	case read != nil:
		read(r, &c)
	default:
		r.rest("body", "Body")
	}
	r.over()
	return f
}

// Alert gives the tree of an alert. RFC 9846, section 6.
func Alert(raw []byte) *Field {
	f := &Field{Name: "Alert", Label: "Alert", End: len(raw), Raw: raw}
	r := newReader(f, raw, 0)
	r.number(1, "level", "Level", named[iana.AlertLevel](0))
	r.number(1, "description", "Description", named[iana.Alert](0))
	r.over()
	return f
}

// ChangeCipherSpec gives the tree of a ChangeCipherSpec. RFC 5246, section 7.1.
func ChangeCipherSpec(raw []byte) *Field {
	f := &Field{Name: "ChangeCipherSpec", Label: "Change Cipher Spec", End: len(raw), Raw: raw}
	r := newReader(f, raw, 0)
	r.number(1, "type", "Type", nil)
	r.over()
	return f
}

func (c *Context) tls13() bool { return c.Version == iana.TLS13 || c.Version>>8 == 0x7f }

// schemes reports whether signatures name their scheme.
func (c *Context) schemes() bool { return c.Version >= iana.TLS12 }

// newSessionTicket is RFC 9846, section 4.7.1; RFC 5077, section 3.3.
func newSessionTicket(r *reader, c *Context) {
	if !c.tls13() {
		r.number(4, "ticket_lifetime_hint", "Session Ticket Lifetime Hint", unit("second"))
		r.opaque(2, "ticket", "Session Ticket")
		return
	}
	r.number(4, "ticket_lifetime", "Session Ticket Lifetime", unit("second"))
	r.number(4, "ticket_age_add", "Session Ticket Age Add", nil)
	r.opaque(1, "ticket_nonce", "Session Ticket Nonce")
	r.opaque(2, "ticket", "Session Ticket")
	r.extensions(c, iana.MsgNewSessionTicket)
}

// certificateRequest is RFC 9846, section 4.4.2; RFC 5246, section 7.4.4.
func certificateRequest(r *reader, c *Context) {
	if c.tls13() {
		r.opaque(1, "certificate_request_context", "Certificate Request Context")
		r.extensions(c, iana.MsgCertificateRequest)
		return
	}
	r.vector(1, "certificate_types", "Certificate types", func(in *reader) {
		in.list(1, "certificate_type", "Certificate type", named[iana.ClientCertificateType](0))
		in.counted("type")
	})
	if c.schemes() {
		numbers(2, "supported_signature_algorithms", "Signature Algorithms", "Signature Algorithm", "algorithm", scheme)(r, c, iana.MsgCertificateRequest)
	}
	names(r, "certificate_authorities")
}

// names reads distinguished names.
func names(r *reader, name string) {
	r.vector(2, name, "Distinguished Names", func(in *reader) {
		for i := 0; !in.bad && in.Left() > 0; i++ {
			b := in.opaque(2, fmt.Sprintf("DistinguishedName[%d]", i), "Distinguished Name")
			if text := distinguishedName(b); text != "" {
				in.to.Sub[len(in.to.Sub)-1].Value = text
			}
		}
		if n := len(in.to.Sub) / 2; n > 0 { // each with its length
			in.to.Label += " (" + count(n, "name") + ")"
		}
	})
}

// certificateVerify is RFC 9846, section 4.5.2; RFC 5246, section 7.4.8.
func certificateVerify(r *reader, c *Context) {
	if c.schemes() {
		r.number(2, "algorithm", "Signature Algorithm", scheme)
	}
	r.opaque(2, "signature", "Signature")
}

// exchange gives the name of the suite's key exchange: "RSA", "ECDHE_RSA", ...
func exchange(s iana.Suite) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(s.String(), "TLS_"), "_WITH_")
	return name
}

// serverKeyExchange is RFC 5246, section 7.4.3; RFC 8422, section 5.4; RFC 4279,
// section 2; RFC 5489, section 2.
func serverKeyExchange(r *reader, c *Context) {
	kx := exchange(c.Suite)
	parts := strings.Split(kx, "_")
	if slices.Contains(parts, "PSK") {
		r.text(2, "psk_identity_hint", "PSK Identity Hint")
	}
	switch parts[0] {
	case "ECDHE", "ECDH":
		r.number(1, "curve_type", "Curve Type", named[iana.CurveType](0))
		r.number(2, "namedcurve", "Named Curve", group)
		r.opaque(1, "point", "Public Key")
	case "DHE", "DH":
		if p := r.opaque(2, "dh_p", "Prime"); p != nil {
			r.to.Sub[len(r.to.Sub)-1].Label = fmt.Sprintf("Prime of %d bits", bits(p))
		}
		r.opaque(2, "dh_g", "Generator")
		r.opaque(2, "dh_Ys", "Public Key")
	case "RSA": // of an export suite, RFC 2246, section 7.4.3
		r.opaque(2, "rsa_modulus", "Modulus")
		r.opaque(2, "rsa_exponent", "Exponent")
	default:
		r.rest("params", "Parameters")
		return
	}
	if r.Left() == 0 || slices.Contains(parts, "anon") || slices.Contains(parts, "PSK") {
		return
	}
	if c.schemes() {
		r.number(2, "algorithm", "Signature Algorithm", scheme)
	}
	r.opaque(2, "signature", "Signature")
}

// bits gives the length of a number in bits.
func bits(b []byte) int {
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	if len(b) == 0 {
		return 0
	}
	n := 8 * (len(b) - 1)
	for v := b[0]; v > 0; v >>= 1 {
		n++
	}
	return n
}

// clientKeyExchange is RFC 5246, section 7.4.7; RFC 8422, section 5.7. SSL 3.0 has
// no length before what is encrypted with RSA.
func clientKeyExchange(r *reader, c *Context) {
	kx := exchange(c.Suite)
	parts := strings.Split(kx, "_")
	if slices.Contains(parts, "PSK") {
		r.text(2, "psk_identity", "PSK Identity")
	}
	switch {
	case parts[0] == "ECDHE", parts[0] == "ECDH":
		r.opaque(1, "ecdh_Yc", "Public Key")
	case parts[0] == "DHE", parts[0] == "DH":
		r.opaque(2, "dh_Yc", "Public Key")
	case parts[0] == "PSK":
	case parts[0] == "RSA" && c.Version == iana.SSL30:
		r.rest("EncryptedPreMasterSecret", "Encrypted Premaster Secret")
	case parts[0] == "RSA":
		r.opaque(2, "EncryptedPreMasterSecret", "Encrypted Premaster Secret")
	default:
		r.rest("exchange_keys", "Keys")
	}
}

// certificateStatus is RFC 6066, section 8.
func certificateStatus(r *reader, _ *Context) {
	r.number(1, "status_type", "Certificate Status Type", named[iana.StatusType](0))
	r.opaque(3, "response", "OCSP Response")
}

// keyUpdate is RFC 9846, section 4.7.3.
func keyUpdate(r *reader, _ *Context) {
	r.number(1, "request_update", "Key Update Request", func(v uint32) string {
		return [...]string{"update_not_requested (0)", "update_requested (1)", fmt.Sprintf("unknown (%d)", v)}[min(v, 2)]
	})
}

// compressedCertificate is RFC 8879, section 4. It is shown with what is in it,
// whose offsets count from its own beginning.
func compressedCertificate(r *reader, c *Context) {
	id := iana.CertificateCompression(r.number(2, "algorithm", "Algorithm", named[iana.CertificateCompression](0)))
	length := r.number(3, "uncompressed_length", "Uncompressed Length", nil)
	packed := r.opaque(3, "compressed_certificate_message", "Compressed Certificate")
	a := compress.Of(compress.All(), id)
	if packed == nil || a == nil || length > 1<<17 {
		return
	}
	f := r.add(Field{Name: "Certificate", Label: "Certificate, decompressed", Start: r.at(), End: r.at()})
	body := make([]byte, length)
	f.Raw = body
	if err := a.Decompress(body, packed); err != nil {
		f.Error = err.Error()
		return
	}
	certificate(newReader(f, body, 0), c)
}

// names2 are the messages of SSL 2.0, with the fields before their data: lengths
// of two bytes, whose data comes in the order of lengths.
var names2 = map[byte]string{
	0: "ERROR", 1: "CLIENT-HELLO", 2: "CLIENT-MASTER-KEY", 3: "CLIENT-FINISHED", 4: "SERVER-HELLO", 5: "SERVER-VERIFY",
	6: "SERVER-FINISHED", 7: "REQUEST-CERTIFICATE", 8: "CLIENT-CERTIFICATE",
}

// message2 gives the tree of a message of SSL 2.0, without its record's header.
func message2(raw []byte) *Field {
	f := &Field{Name: "SSL2", Label: "SSL 2.0 Message", End: len(raw), Raw: raw}
	r := newReader(f, raw, 0)
	t := byte(r.number(1, "msg_type", "Handshake Message Type", func(v uint32) string { return fmt.Sprintf("%s (%d)", names2[byte(v)], v) }))
	if name, ok := names2[t]; ok && !r.bad {
		f.Name, f.Label = name, "SSL 2.0 Message: "+name
	}
	switch t {
	case 0:
		r.number(2, "error_code", "Error Code", func(v uint32) string {
			return fmt.Sprintf("%s (%d)", map[uint32]string{1: "NO-CIPHER-ERROR", 2: "NO-CERTIFICATE-ERROR", 4: "BAD-CERTIFICATE-ERROR", 6: "UNSUPPORTED-CERTIFICATE-TYPE-ERROR"}[v], v)
		})
	case 1:
		r.number(2, "version", "Version", version)
		lengths := r.lengths2("cipher_specs", "Cipher Specs", "session_id", "Session ID", "challenge", "Challenge")
		r.kinds2(lengths[0])
		r.bytes(lengths[1], "session_id", "Session ID")
		r.bytes(lengths[2], "challenge", "Challenge")
	case 2:
		r.number(3, "cipher_kind", "Cipher Kind", kind2)
		lengths := r.lengths2("clear_key", "Clear Key", "encrypted_key", "Encrypted Key", "key_arg", "Key Argument")
		r.bytes(lengths[0], "clear_key", "Clear Key")
		r.bytes(lengths[1], "encrypted_key", "Encrypted Key")
		r.bytes(lengths[2], "key_arg", "Key Argument")
	case 4:
		r.number(1, "session_id_hit", "Session ID Hit", nil)
		r.number(1, "certificate_type", "Certificate Type", nil)
		r.number(2, "server_version", "Version", version)
		lengths := r.lengths2("certificate", "Certificate", "cipher_specs", "Cipher Specs", "connection_id", "Connection ID")
		if b := r.bytes(lengths[0], "certificate", "Certificate"); b != nil {
			describe(&r.to.Sub[len(r.to.Sub)-1], b)
		}
		r.kinds2(lengths[1])
		r.bytes(lengths[2], "connection_id", "Connection ID")
	default:
		r.rest("body", "Body")
	}
	r.over()
	return f
}

// lengths2 reads three lengths of two bytes each.
func (r *reader) lengths2(names ...string) (n [3]int) {
	for i := range n {
		n[i] = int(r.number(2, names[2*i]+"_length", names[2*i+1]+" Length", nil))
	}
	return n
}

// kinds2 reads cipher kinds of three bytes each.
func (r *reader) kinds2(length int) {
	if r.bad || length == 0 {
		return
	}
	if r.Left() < length {
		r.ends("cipher_specs", "Cipher Specs", length)
		return
	}
	start := r.at()
	b := r.Bytes(length, "cipher_specs")
	f := r.add(Field{Name: "cipher_specs", Label: "Cipher Specs", Start: start, End: start + length})
	in := newReader(f, b, start)
	in.list(3, "cipher_spec", "Cipher Spec", kind2)
	in.counted("spec")
	in.over()
}

// kinds are those of SSL 2.0; a suite of anything newer has a zero in front.
var kinds = map[uint32]string{
	0x010080: "SSL_CK_RC4_128_WITH_MD5", 0x020080: "SSL_CK_RC4_128_EXPORT40_WITH_MD5", 0x030080: "SSL_CK_RC2_128_CBC_WITH_MD5",
	0x040080: "SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5", 0x050080: "SSL_CK_IDEA_128_CBC_WITH_MD5", 0x060040: "SSL_CK_DES_64_CBC_WITH_MD5",
	0x0700c0: "SSL_CK_DES_192_EDE3_CBC_WITH_MD5", 0x080080: "SSL_CK_RC4_64_WITH_MD5",
}

func kind2(v uint32) string {
	name := kinds[v]
	switch {
	case name != "":
	case v>>16 == 0:
		name = iana.Suite(v).String()
	default:
		name = "unknown"
	}
	return fmt.Sprintf("%s (0x%06x)", name, v)
}
