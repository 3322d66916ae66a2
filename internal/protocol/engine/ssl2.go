package engine

import (
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// isSSL2 reports whether the first bytes of a connection begin a record of SSL
// 2.0 with a CLIENT-HELLO. It takes three of them to tell.
func isSSL2(buf []byte) bool { return len(buf) >= 3 && buf[0]&0x80 != 0 && buf[2] == 1 }

// ssl2Length gives the length of the record with its header, in bytes.
func ssl2Length(buf []byte) int {
	return wire.SSL2HeaderLen + int(buf[0]&0x7f)<<8 + int(buf[1])
}

// refuseSSL2 refuses a CLIENT-HELLO by its version, which is in its first five
// bytes.
func (c *Conn) refuseSSL2(buf []byte) error {
	switch v := iana.Version(buf[3])<<8 | iana.Version(buf[4]); {
	case v < iana.SSL30:
		return fault.With(fault.SSL2Hello, "for %v", v)
	case c.side == trace.Client || !c.config.Policy.SSL2Hello:
		return fault.With(fault.SSL2Hello, "for %v, in the format of SSL 2.0, which the policy does not take", v)
	}
	return nil
}

// takeSSL2 takes the SSL 2.0-format hello with which a connection begins. It
// goes on as the ClientHello that it stands for: RFC 5246, appendix E.2.
func (c *Conn) takeSSL2(rec []byte) error {
	msg := rec[wire.SSL2HeaderLen:]
	hello, err := wire.ParseSSL2ClientHello(msg)
	if err != nil {
		return fault.With(fault.HelloForm, "%w", err)
	}
	c.observe(false, handshake.SSL2Content, msg)
	c.core.SSL2Hello = append([]byte(nil), msg...)
	plain := hello.ClientHello()
	raw := plain.Append(nil)
	c.core.Log.Received(iana.MsgClientHello)
	c.step(handshake.Trigger(iana.MsgClientHello), handshake.Message{Type: iana.MsgClientHello, Body: raw[wire.HeaderLen:], Raw: raw})
	return c.err
}

// sendSSL2 sends a hello in the format of SSL 2.0.
func (c *Conn) sendSSL2(msg []byte) {
	c.observe(true, handshake.SSL2Content, msg)
	c.out = append(c.out, byte(len(msg)>>8)|0x80, byte(len(msg)))
	c.out = append(c.out, msg...)
}
