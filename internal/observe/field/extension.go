package field

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// extensions read the bodies of extensions. What has none here is shown in
// digits.
var extensions map[iana.ExtensionType]func(r *reader, c *Context, of iana.HandshakeType)

func init() { // the functions lead back to the table: an ECH has extensions
	extensions = map[iana.ExtensionType]func(r *reader, c *Context, of iana.HandshakeType){
		iana.ExtServerName:              serverName,
		iana.ExtMaxFragmentLength:       maxFragmentLength,
		iana.ExtStatusRequest:           statusRequest,
		iana.ExtSupportedGroups:         numbers(2, "named_group_list", "Supported Groups", "Supported Group", "group", group),
		iana.ExtECPointFormats:          numbers(1, "ec_point_format_list", "EC Point Formats", "EC Point Format", "format", named[iana.PointFormat](0)),
		iana.ExtSignatureAlgorithms:     numbers(2, "supported_signature_algorithms", "Signature Algorithms", "Signature Algorithm", "algorithm", scheme),
		iana.ExtSignatureAlgorithmsCert: numbers(2, "supported_signature_algorithms", "Signature Algorithms", "Signature Algorithm", "algorithm", scheme),
		iana.ExtALPN:                    alpn,
		iana.ExtSCT:                     scts,
		iana.ExtClientCertificateType:   certificateTypes,
		iana.ExtServerCertificateType:   certificateTypes,
		iana.ExtPadding:                 padding,
		iana.ExtCompressCertificate:     compressCertificate,
		iana.ExtRecordSizeLimit:         recordSizeLimit,
		iana.ExtDelegatedCredential:     delegatedCredential,
		iana.ExtSessionTicket:           sessionTicket,
		iana.ExtPreSharedKey:            preSharedKey,
		iana.ExtEarlyData:               earlyData,
		iana.ExtSupportedVersions:       supportedVersions,
		iana.ExtCookie:                  func(r *reader, _ *Context, _ iana.HandshakeType) { r.opaque(2, "cookie", "Cookie") },
		iana.ExtPSKKeyExchangeModes:     pskModes,
		iana.ExtCertificateAuthorities:  func(r *reader, _ *Context, _ iana.HandshakeType) { names(r, "authorities") },
		iana.ExtKeyShare:                keyShare,
		DraftKeyShare:                   keyShare,
		iana.ExtRenegotiationInfo: func(r *reader, _ *Context, _ iana.HandshakeType) {
			r.opaque(1, "renegotiated_connection", "Renegotiated Connection")
		},
		iana.ExtEncryptedClientHello: encryptedClientHello,
	}
}

// DraftKeyShare is the number of key_share in drafts of TLS 1.3 before 23.
const DraftKeyShare iana.ExtensionType = 40

// numbers reads an extension that is a list of numbers: of two bytes with a length
// of two, or of one byte with a length of one.
func numbers(size int, name, label, one, unit string, show func(uint32) string) func(*reader, *Context, iana.HandshakeType) {
	return func(r *reader, _ *Context, _ iana.HandshakeType) {
		r.vector(size, name, label, func(in *reader) {
			in.list(size, unit, one, show)
			in.counted(unit)
		})
	}
}

// serverName is RFC 6066, section 3.
func serverName(r *reader, _ *Context, _ iana.HandshakeType) {
	r.vector(2, "server_name_list", "Server Name List", func(in *reader) {
		for !in.bad && in.Left() > 0 {
			in.number(1, "name_type", "Server Name Type", named[iana.NameType](0))
			in.text(2, "host_name", "Server Name")
		}
	})
}

// text reads a vector of bytes that are text, with a length of n bytes.
func (r *reader) text(n int, name, label string) {
	b := r.opaque(n, name, label)
	if len(b) > 0 && printable(b) {
		r.to.Sub[len(r.to.Sub)-1].Value = string(b)
	}
}

func printable(b []byte) bool {
	for _, c := range b {
		if c < 0x20 || c > 0x7e {
			return false
		}
	}
	return true
}

// alpn is RFC 7301, section 3.1.
func alpn(r *reader, _ *Context, _ iana.HandshakeType) {
	r.vector(2, "protocol_name_list", "ALPN Protocols", func(in *reader) {
		for i := 0; !in.bad && in.Left() > 0; i++ {
			in.text(1, fmt.Sprintf("protocol_name[%d]", i), "ALPN Protocol")
		}
	})
}

// maxFragmentLength is RFC 6066, section 4.
func maxFragmentLength(r *reader, _ *Context, _ iana.HandshakeType) {
	r.number(1, "max_fragment_length", "Maximum Fragment Length", func(v uint32) string {
		if v >= 1 && v <= 4 {
			return fmt.Sprintf("%d bytes (%d)", 256<<v, v)
		}
		return fmt.Sprintf("unknown (%d)", v)
	})
}

// statusRequest is RFC 6066, section 8; with a certificate of TLS 1.3 it is the
// status itself (RFC 9846, section 4.5.1.2).
func statusRequest(r *reader, c *Context, of iana.HandshakeType) {
	r.number(1, "status_type", "Certificate Status Type", named[iana.StatusType](0))
	if of == iana.MsgCertificate {
		r.opaque(3, "ocsp_response", "OCSP Response")
		return
	}
	r.opaque(2, "responder_id_list", "Responder ID List")
	r.opaque(2, "request_extensions", "Request Extensions")
}

// scts is RFC 6962, section 3.3.
func scts(r *reader, _ *Context, _ iana.HandshakeType) {
	r.vector(2, "sct_list", "Signed Certificate Timestamps", func(in *reader) {
		for i := 0; !in.bad && in.Left() > 0; i++ {
			in.vector(2, fmt.Sprintf("sct[%d]", i), "Signed Certificate Timestamp", sct)
		}
	})
}

// sct is RFC 6962, section 3.2, of version 1.
func sct(r *reader) {
	if r.number(1, "sct_version", "Version", nil) != 0 {
		r.rest("body", "Body")
		return
	}
	r.bytes(32, "log_id", "Log ID")
	if b := r.bytes(8, "timestamp", "Timestamp"); b != nil {
		at := time.UnixMilli(int64(binary.BigEndian.Uint64(b))).UTC()
		r.to.Sub[len(r.to.Sub)-1].Value = at.Format("2006-01-02 15:04:05.000 UTC")
	}
	r.opaque(2, "extensions", "Extensions")
	r.number(2, "algorithm", "Signature Algorithm", scheme)
	r.opaque(2, "signature", "Signature")
}

// certificateTypes are RFC 7250, section 3.
func certificateTypes(r *reader, _ *Context, of iana.HandshakeType) {
	if of != iana.MsgClientHello {
		r.number(1, "certificate_type", "Certificate Type", named[iana.CertificateType](0))
		return
	}
	r.vector(1, "certificate_types", "Certificate Types", func(in *reader) {
		in.list(1, "certificate_type", "Certificate Type", named[iana.CertificateType](0))
	})
}

// padding is RFC 7685, section 3.
func padding(r *reader, _ *Context, _ iana.HandshakeType) { r.rest("padding", "Padding Data") }

// compressCertificate is RFC 8879, section 3.
func compressCertificate(r *reader, _ *Context, _ iana.HandshakeType) {
	r.vector(1, "algorithms", "Algorithms", func(in *reader) {
		in.list(2, "algorithm", "Algorithm", named[iana.CertificateCompression](0))
		in.counted("algorithm")
	})
}

// recordSizeLimit is RFC 8449, section 4.
func recordSizeLimit(r *reader, _ *Context, _ iana.HandshakeType) {
	r.number(2, "record_size_limit", "Record Size Limit", unit("byte"))
}

// delegatedCredential is RFC 9345, section 4.
func delegatedCredential(r *reader, c *Context, of iana.HandshakeType) {
	if of != iana.MsgCertificate {
		numbers(2, "supported_signature_algorithms", "Signature Algorithms", "Signature Algorithm", "algorithm", scheme)(r, c, of)
		return
	}
	r.number(4, "valid_time", "Valid Time", unit("second"))
	r.number(2, "dc_cert_verify_algorithm", "Algorithm of the CertificateVerify", scheme)
	r.opaque(3, "ASN1_subjectPublicKeyInfo", "Public Key")
	r.number(2, "algorithm", "Signature Algorithm", scheme)
	r.opaque(2, "signature", "Signature")
}

// sessionTicket is RFC 5077, section 3.2.
func sessionTicket(r *reader, _ *Context, _ iana.HandshakeType) { r.rest("ticket", "Session Ticket") }

// preSharedKey is RFC 9846, section 4.3.11.
func preSharedKey(r *reader, _ *Context, of iana.HandshakeType) {
	if of == iana.MsgServerHello {
		r.number(2, "selected_identity", "Selected Identity", nil)
		return
	}
	r.vector(2, "identities", "PSK Identities", func(in *reader) {
		for i := 0; !in.bad && in.Left() > 0; i++ {
			in.opaque(2, fmt.Sprintf("identity[%d]", i), "PSK Identity")
			in.number(4, fmt.Sprintf("obfuscated_ticket_age[%d]", i), "Obfuscated Ticket Age", nil)
		}
	})
	r.vector(2, "binders", "PSK Binders", func(in *reader) {
		for i := 0; !in.bad && in.Left() > 0; i++ {
			in.opaque(1, fmt.Sprintf("binder[%d]", i), "PSK Binder")
		}
	})
}

// earlyData is RFC 9846, section 4.3.10: with a ticket it says how much.
func earlyData(r *reader, _ *Context, of iana.HandshakeType) {
	if of == iana.MsgNewSessionTicket {
		r.number(4, "max_early_data_size", "Maximum Early Data Size", unit("byte"))
	}
}

// supportedVersions is RFC 9846, section 4.3.1.
func supportedVersions(r *reader, _ *Context, of iana.HandshakeType) {
	if of == iana.MsgServerHello {
		r.number(2, "selected_version", "Supported Version", version)
		return
	}
	r.vector(1, "versions", "Supported Versions", func(in *reader) {
		in.list(2, "version", "Supported Version", version)
		in.counted("version")
	})
}

// pskModes is RFC 9846, section 4.3.9.
func pskModes(r *reader, _ *Context, _ iana.HandshakeType) {
	r.vector(1, "ke_modes", "PSK Key Exchange Modes", func(in *reader) {
		in.list(1, "ke_mode", "PSK Key Exchange Mode", named[iana.PSKMode](0))
		in.counted("mode")
	})
}

// keyShare is RFC 9846, section 4.3.8.
func keyShare(r *reader, c *Context, of iana.HandshakeType) {
	entry := func(r *reader, i int) {
		start := r.at()
		f := r.add(Field{Name: fmt.Sprintf("KeyShareEntry[%d]", i), Label: "Key Share Entry", Start: start})
		in := &reader{Reader: r.Reader, buf: r.buf, base: r.base, to: f}
		f.Label += ": " + iana.Group(in.number(2, "group", "Group", group)).String()
		in.opaque(2, "key_exchange", "Key Exchange")
		f.End = in.at()
		r.Reader, r.bad = in.Reader, in.bad
	}
	switch {
	case of != iana.MsgClientHello && (c.Retry || r.Left() == 2):
		r.number(2, "selected_group", "Selected Group", group)
	case of != iana.MsgClientHello:
		entry(r, 0)
	default:
		r.vector(2, "client_shares", "Client Key Shares", func(in *reader) {
			for i := 0; !in.bad && in.Left() > 0; i++ {
				entry(in, i)
			}
		})
	}
}

// encryptedClientHello is RFC 9849, section 5.
func encryptedClientHello(r *reader, c *Context, of iana.HandshakeType) {
	switch of {
	case iana.MsgServerHello:
		r.bytes(8, "confirmation", "ECH Confirmation")
	case iana.MsgEncryptedExtensions:
		r.opaque(2, "retry_configs", "Retry Configs")
	default:
		kind := r.number(1, "type", "Client Hello Type", func(v uint32) string {
			return fmt.Sprintf("%s (%d)", map[uint32]string{0: "outer", 1: "inner"}[v], v)
		})
		if kind != 0 || r.bad {
			return
		}
		r.number(2, "kdf_id", "KDF", hexadecimal(4))
		r.number(2, "aead_id", "AEAD", hexadecimal(4))
		r.number(1, "config_id", "Config ID", nil)
		r.opaque(2, "enc", "Enc")
		r.opaque(2, "payload", "Payload")
	}
}
