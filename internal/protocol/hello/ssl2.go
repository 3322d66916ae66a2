package hello

import (
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// sendSSL2 sends the ClientHello in the format of SSL 2.0, and takes for it the
// one that this stands for: without session and extensions. RFC 5246, appendix
// E.2.
func (c *Client) sendSSL2() error {
	sent, err := wire.ParseClientHello(c.Hello[wire.HeaderLen:])
	if err != nil {
		return err
	}
	old := sent.SSL2Hello()
	c.SSL2Hello = old.Append(nil)
	plain := old.ClientHello()
	c.Hello, c.Asked = plain.Append(nil), 0
	c.Out.SSL2Message(c.SSL2Hello)
	return nil
}
