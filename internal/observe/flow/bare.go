package flow

import (
	"strings"

	"github.com/handsel-tls/handsel/internal/observe/tcp"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// bareMAC gives how long the MAC of a suite is that encrypts nothing, in bytes; 0 of
// any other. RFC 5246, section 6.2.3.1.
func bareMAC(s iana.Suite) int {
	_, protection, _ := strings.Cut(s.String(), "_WITH_NULL_")
	return map[string]int{"MD5": 16, "SHA": 20, "SHA256": 32, "SHA384": 48}[protection]
}

// bare takes a record that has a MAC and is not encrypted. Whether the MAC is right
// takes keys to know.
func (k *conn) bare(from trace.Side, head RecordHeader, content []byte, at tcp.Chunk) bool {
	h := &k.sides[from-1]
	if len(content) < h.mac {
		return false
	}
	content = content[:len(content)-h.mac]
	switch head.Content {
	case iana.ContentHandshake:
		k.handshake(from, head, content, at)
	case iana.ContentAlert:
		k.alert(from, head, content, at)
	case iana.ContentApplicationData:
		k.plainData(from, head, content, at)
	default:
		return false
	}
	h.sealedN++
	return true
}
