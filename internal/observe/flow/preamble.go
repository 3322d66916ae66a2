package flow

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"

	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// preambles tells what came before TLS.
func (k *conn) preambles() {
	client, server := k.finder.said[trace.Client-1], k.finder.said[trace.Server-1]
	if len(client)+len(server) == 0 {
		return
	}
	if k.story.Preamble = known(client, server); len(k.story.Preamble) == 0 {
		k.story.Preamble = []Preamble{{"unknown", printable(append(bytes.Clone(client), server...))}}
	}
}

// known gives the protocols that what either side says is of.
func known(client, server []byte) (list []Preamble) {
	for _, p := range protocols {
		if detail, ok := p.is(client, server); ok {
			list = append(list, Preamble{p.kind, detail})
		}
	}
	return list
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
		rest, ok := bytes.CutPrefix(c, []byte("\r\n\r\n\x00\r\nQUIT\n"))
		return proxied(rest), ok
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
	{"irc", func(c, _ []byte) (string, bool) {
		return "", bytes.HasPrefix(c, []byte("STARTTLS\r\n")) || bytes.HasPrefix(c, []byte("CAP ")) && contains(c, "STARTTLS")
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

// proxied gives the addresses of a header of the PROXY protocol, version 2, as version
// 1 writes them: command 1 byte, family 1, length 2, source, destination, and both
// ports.
func proxied(b []byte) string {
	const local, tcp4, tcp6 = 0x20, 0x11, 0x21
	size := map[byte]int{tcp4: 4, tcp6: 16}
	switch {
	case len(b) > 0 && b[0] == local:
		return "LOCAL"
	case len(b) < 4 || size[b[1]] == 0 || len(b) < 4+2*size[b[1]]+4:
		return ""
	}
	n, kind := size[b[1]], "TCP4"
	if n == 16 {
		kind = "TCP6"
	}
	from, _ := netip.AddrFromSlice(b[4 : 4+n])
	to, _ := netip.AddrFromSlice(b[4+n : 4+2*n])
	ports := b[4+2*n:]
	return fmt.Sprintf("%s %v %v %d %d", kind, from, to, binary.BigEndian.Uint16(ports), binary.BigEndian.Uint16(ports[2:]))
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
