package flow

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/handsel-tls/handsel/internal/observe/tcp"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

const (
	// mostPreamble is how many bytes of either side are looked through for TLS.
	mostPreamble = 1 << 16
	// keptPreamble is how much of the first bytes of a side is kept to see what
	// protocol it is.
	keptPreamble = 512
)

// A finder looks for TLS in what either side says.
type finder struct {
	said [2][]byte // the first bytes
	seen [2]int    // how many there were

	answer []byte // what a server says to a ClientHello that is no TLS
	at     tcp.Chunk
}

// find gives where TLS begins in a chunk, less than 0 if it does not.
func (k *conn) find(from trace.Side, data []byte, at tcp.Chunk) int {
	f := &k.finder
	if f.seen[from-1] > mostPreamble {
		return -1
	}
	first := f.seen[from-1] == 0
	at0 := -1
	switch {
	case first && startsTLS(data), k.hello && from == trace.Server && k.answers(data):
		at0 = 0
	default:
		at0 = helloIn(data)
	}
	if n := keptPreamble - len(f.said[from-1]); n > 0 && at0 != 0 {
		end := len(data)
		if at0 > 0 {
			end = at0
		}
		f.said[from-1] = append(f.said[from-1], data[:min(n, end)]...)
	}
	if at0 < 0 && k.hello && from == trace.Server && len(f.answer) < keptPreamble {
		if len(f.answer) == 0 {
			f.at = at
		}
		f.answer = append(f.answer, data[:min(len(data), keptPreamble)]...)
	}
	f.seen[from-1] += len(data)
	if at0 >= 0 && !k.story.TLS {
		k.preambles()
	}
	return at0
}

// answers reports whether bytes can be what a server says to a ClientHello: any
// record, also with a message that nobody knows.
func (k *conn) answers(b []byte) bool {
	return startsTLS(b) || len(b) > headerLen && plausible(b) || k.story.Version == iana.SSL20 && b[0]&0x80 != 0
}

// startsTLS reports whether bytes begin with a record, or with a hello of SSL 2.0.
func startsTLS(b []byte) bool {
	if isSSL2Hello(b) {
		return true
	}
	if len(b) < headerLen {
		return len(b) > 0 && b[0] == byte(iana.ContentHandshake) && (len(b) < 2 || b[1] == 3)
	}
	if !plausible(b) {
		return false
	}
	n := binary.BigEndian.Uint16(b[3:])
	switch iana.ContentType(b[0]) {
	case iana.ContentHandshake:
		return len(b) == headerLen || n > 0 && (n < 4 || b[5] <= byte(iana.MsgCompressedCertificate) || b[5] == byte(iana.MsgMessageHash))
	case iana.ContentAlert:
		return n >= 2
	case iana.ContentChangeCipherSpec:
		return n == 1
	}
	return n > 0
}

// helloIn gives where in the bytes a ClientHello or ServerHello begins, less than 0
// if nowhere.
func helloIn(b []byte) int {
	for at := 0; ; at++ {
		i := bytes.IndexByte(b[at:], byte(iana.ContentHandshake))
		if i < 0 {
			return -1
		}
		if at += i; isHello(b[at:]) {
			return at
		}
	}
}

// isHello looks at what a hello begins with: the headers of the record and of the
// message, and the version.
func isHello(b []byte) bool {
	const need = headerLen + 4 + 2
	if len(b) < need || !plausible(b) || b[0] != byte(iana.ContentHandshake) ||
		b[5] != byte(iana.MsgClientHello) && b[5] != byte(iana.MsgServerHello) {
		return false
	}
	length := int(b[6])<<16 | int(b[7])<<8 | int(b[8])
	return length >= 38 && length < 1<<17 && b[9] == 3 && b[10] <= 4
}

// isSSL2Hello reports whether bytes begin with a CLIENT-HELLO of SSL 2.0, or with a
// ClientHello in its format. RFC 5246, appendix E.2.
func isSSL2Hello(b []byte) bool {
	if len(b) < 11 || b[0]&0x80 == 0 || b[2] != 1 {
		return false
	}
	length := int(binary.BigEndian.Uint16(b) & 0x7fff)
	v := binary.BigEndian.Uint16(b[3:])
	ciphers, id, challenge := int(binary.BigEndian.Uint16(b[5:])), int(binary.BigEndian.Uint16(b[7:])), int(binary.BigEndian.Uint16(b[9:]))
	return (v == 2 || v>>8 == 3) && ciphers%3 == 0 && ciphers > 0 && length == 9+ciphers+id+challenge && challenge >= 16 && challenge <= 64 && id <= 32
}

// preambles tells what came before TLS.
func (k *conn) preambles() {
	client, server := k.finder.said[trace.Client-1], k.finder.said[trace.Server-1]
	for _, p := range protocols {
		if detail, ok := p.is(client, server); ok {
			k.story.Preamble = append(k.story.Preamble, Preamble{p.kind, detail})
		}
	}
	if len(k.story.Preamble) == 0 && len(client)+len(server) > 0 {
		k.story.Preamble = []Preamble{{"unknown", printable(append(bytes.Clone(client), server...))}}
	}
}

// protocols are those that TLS may begin within.
var protocols = []struct {
	kind string
	is   func(client, server []byte) (detail string, ok bool)
}{
	{"proxy-v1", func(c, _ []byte) (string, bool) {
		rest, ok := bytes.CutPrefix(c, []byte("PROXY "))
		return line(rest), ok
	}},
	{"proxy-v2", func(c, _ []byte) (string, bool) {
		return "", bytes.HasPrefix(c, []byte("\r\n\r\n\x00\r\nQUIT\n"))
	}},
	{"http-connect", func(c, _ []byte) (string, bool) {
		rest, ok := bytes.CutPrefix(c, []byte("CONNECT "))
		host, _, _ := strings.Cut(line(rest), " ")
		return host, ok
	}},
	{"socks5", func(c, s []byte) (string, bool) {
		return "", len(c) > 2 && c[0] == 5 && len(s) > 1 && s[0] == 5
	}},
	{"socks4", func(c, s []byte) (string, bool) {
		return "", len(c) > 8 && c[0] == 4 && c[1] == 1 && len(s) >= 8 && s[0] == 0
	}},
	{"smtp", func(c, s []byte) (string, bool) {
		return line(s), bytes.HasPrefix(s, []byte("220")) && contains(c, "STARTTLS")
	}},
	{"imap", func(c, s []byte) (string, bool) {
		return line(s), bytes.HasPrefix(s, []byte("* ")) && contains(c, "STARTTLS")
	}},
	{"pop3", func(c, s []byte) (string, bool) {
		return line(s), bytes.HasPrefix(s, []byte("+OK")) && contains(c, "STLS")
	}},
	{"ftp", func(c, s []byte) (string, bool) {
		return line(s), bytes.HasPrefix(s, []byte("220")) && contains(c, "AUTH ")
	}},
	{"xmpp", func(c, s []byte) (string, bool) {
		return "", contains(c, "<starttls") || contains(c, "<STARTTLS")
	}},
	{"ldap", func(c, _ []byte) (string, bool) {
		return "", bytes.Contains(c, []byte("1.3.6.1.4.1.1466.20037"))
	}},
	{"postgres", func(c, _ []byte) (string, bool) {
		return "", bytes.HasPrefix(c, []byte{0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f})
	}},
	{"mysql", func(_, s []byte) (string, bool) {
		if len(s) < 6 || s[3] != 0 || s[4] != 10 {
			return "", false
		}
		version, _, ok := bytes.Cut(s[5:], []byte{0})
		return printable(version), ok
	}},
	{"rdp", func(c, _ []byte) (string, bool) {
		return "", len(c) > 6 && c[0] == 3 && c[1] == 0 && c[5] == 0xe0
	}},
}

func contains(b []byte, word string) bool {
	return bytes.Contains(bytes.ToUpper(b), bytes.ToUpper([]byte(word)))
}

// line gives the first line, as it can be shown.
func line(b []byte) string {
	if i := bytes.IndexAny(b, "\r\n"); i >= 0 {
		b = b[:i]
	}
	return printable(b)
}

// printable gives the first bytes with what is not text in hex.
func printable(b []byte) string {
	const most = 80
	more := ""
	if len(b) > most {
		b, more = b[:most], "..."
	}
	s := fmt.Sprintf("%q", b)
	return s[1:len(s)-1] + more
}

// notARecord ends the reading of a side that says something else.
func (k *conn) notARecord(from trace.Side, at tcp.Chunk) {
	h := &k.sides[from-1]
	h.broken = true
	h.lose()
	head := h.records.head[:]
	text := fmt.Sprintf("what the %v says from byte %d on is no record: %s", from, h.records.at, printable(head))
	if head[1] == 3 && head[0] >= 20 && head[0] <= 24 {
		text = fmt.Sprintf("a record of the %v claims %d bytes, %d are allowed", from, binary.BigEndian.Uint16(head[3:]), mostRecord)
	}
	k.note(Note{at.Time, at.Frame, from, "not-a-record", text})
}
