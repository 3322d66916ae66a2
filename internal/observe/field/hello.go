package field

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

var (
	version     = func(v uint32) string { return fmt.Sprintf("%s (0x%04x)", Version(iana.Version(v)), v) }
	cipherSuite = named[iana.Suite](4)
	scheme      = named[iana.SignatureScheme](4)
	group       = named[iana.Group](4)
)

// Version gives the name of a version, also of a draft of TLS 1.3: these have 0x7f and
// their number.
func Version(v iana.Version) string {
	if v>>8 == 0x7f {
		return fmt.Sprintf("TLS 1.3 (draft %d)", v&0xff)
	}
	return v.String()
}

// clientHello is RFC 9846, section 4.2.2; RFC 5246, section 7.4.1.2.
func clientHello(r *reader, c *Context) {
	r.number(2, "legacy_version", "Version", version)
	r.random()
	r.opaque(1, "legacy_session_id", "Session ID")
	r.vector(2, "cipher_suites", "Cipher Suites", func(in *reader) {
		in.list(2, "cipher_suite", "Cipher Suite", cipherSuite)
		in.counted("suite")
	})
	r.vector(1, "legacy_compression_methods", "Compression Methods", func(in *reader) {
		in.list(1, "compression_method", "Compression Method", named[iana.Compression](0))
		in.counted("method")
	})
	if r.Left() > 0 {
		r.extensions(c, iana.MsgClientHello)
	}
}

// serverHello is RFC 9846, section 4.2.3; RFC 5246, section 7.4.1.3.
func serverHello(r *reader, c *Context) {
	draft := DraftServerHello(r.buf[len(r.buf)-r.Left():])
	r.number(2, "legacy_version", "Version", version)
	r.random()
	if draft {
		r.number(2, "cipher_suite", "Cipher Suite", cipherSuite)
	} else {
		r.opaque(1, "legacy_session_id_echo", "Session ID")
		r.number(2, "cipher_suite", "Cipher Suite", cipherSuite)
		r.number(1, "legacy_compression_method", "Compression Method", named[iana.Compression](0))
	}
	if r.Left() > 0 {
		r.extensions(c, iana.MsgServerHello)
	}
}

// DraftServerHello reports whether the body of a ServerHello has the form of drafts of
// TLS 1.3 before 22, with neither session ID nor compression
// (draft-ietf-tls-tls13-21, section 4.1.3). Some servers of those days gave 0x0304 for
// the version.
func DraftServerHello(body []byte) bool {
	const extensions = 2 + 32 + 2
	switch {
	case len(body) < extensions:
		return false
	case body[0] == 0x7f:
		return body[1] < 22
	}
	return iana.Version(binary.BigEndian.Uint16(body)) == iana.TLS13 && len(body) >= extensions+2 &&
		int(binary.BigEndian.Uint16(body[extensions:])) == len(body)-extensions-2
}

// random shows a random and the time that it begins with in TLS 1.2 and below
// (RFC 5246, section 7.4.1.2), if it looks like one.
func (r *reader) random() {
	b := r.bytes(32, "random", "Random")
	if b == nil {
		return
	}
	f := &r.to.Sub[len(r.to.Sub)-1]
	t := binary.BigEndian.Uint32(b)
	if from, to := uint32(0x30000000), uint32(0x80000000); t < from || t > to { // 1995 to 2038
		return
	}
	f.Sub = []Field{
		{Name: "gmt_unix_time", Label: "GMT Unix Time", Value: time.Unix(int64(t), 0).UTC().Format("2006-01-02 15:04:05 UTC"), Start: f.Start, End: f.Start + 4},
		{Name: "random_bytes", Label: "Random Bytes", Value: digits(b[4:]), Start: f.Start + 4, End: f.End},
	}
}

// extensions reads a block of extensions of a message.
func (r *reader) extensions(c *Context, of iana.HandshakeType) {
	r.vector(2, "extensions", "Extensions", func(in *reader) {
		for !in.bad && in.Left() > 0 {
			in.extension(c, of)
		}
		in.counted("extension")
	})
}

// extension reads one.
func (r *reader) extension(c *Context, of iana.HandshakeType) {
	if r.Left() < 4 {
		r.ends("extension", "Extension", 4)
		return
	}
	start := r.at()
	head := r.buf[len(r.buf)-r.Left():]
	t := iana.ExtensionType(binary.BigEndian.Uint16(head))
	length := int(binary.BigEndian.Uint16(head[2:]))
	have := min(length, r.Left()-4)
	b := r.Bytes(4+have, "extension")
	f := r.add(Field{Name: r.unused(t.String()), Label: fmt.Sprintf("Extension: %v (len=%d)", t, length), Start: start, End: start + 4 + have})
	in := newReader(f, b, start)
	in.number(2, "extension_type", "Type", named[iana.ExtensionType](0))
	in.number(2, "length", "Length", nil)
	if have < length {
		f.Error = fmt.Sprintf("it takes %s, and %d are left", count(length, "byte"), have)
		r.bad = true
	}
	body := newReader(f, b[4:], start+4)
	if read := extensions[t]; read != nil && (have > 0 || length > 0) {
		read(body, c, of)
	} else {
		body.rest("extension_data", "Data")
	}
	body.over()
}

// unused gives a name that no sibling has.
func (r *reader) unused(name string) string {
	n := 0
	for i := range r.to.Sub {
		if s := r.to.Sub[i].Name; s == name || s == fmt.Sprintf("%s[%d]", name, n) {
			n++
		}
	}
	if n == 0 {
		return name
	}
	return fmt.Sprintf("%s[%d]", name, n)
}
