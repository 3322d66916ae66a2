package engine

import (
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// observe shows the host what is sent or was received, if it wants to see that:
// handshake messages one by one.
func (c *Conn) observe(sent bool, ct iana.ContentType, content []byte) {
	see := c.config.Messages
	if see == nil {
		return
	}
	if ct != iana.ContentHandshake {
		see(sent, ct, content)
		return
	}
	for len(content) > 0 {
		_, raw, ok := wire.NextMessage(content)
		if !ok {
			return // the beginning of one that was refused
		}
		see(sent, ct, raw)
		content = content[len(raw):]
	}
}
