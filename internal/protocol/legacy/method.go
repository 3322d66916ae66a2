package legacy

import (
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
)

// A method is how the premaster secret of a suite is agreed on. Each is a value
// in a file of its own, so that the machines do not ask which one it is.
type method struct {
	// signs: the server sends parameters in a ServerKeyExchange, which its key
	// signs. encrypts: the client encrypts to that key.
	signs, encrypts bool
	// shared: a pre-shared key proves who both are. There is no certificate, and
	// nothing is signed.
	shared bool
	curves bool // the parameters are points of an elliptic curve
	length int  // bytes of the length of what the client sends

	// offer makes the parameters of a server, and accept takes what the client
	// sent.
	offer  func(*Server) error
	accept func(s *Server, exchange []byte) (state, error)

	// read reads the parameters of a server, without trust in them, and answer
	// makes the premaster secret and what is sent for it. What was read lies in
	// the message: it is there until the handler returns.
	read   func(c *Client, body []byte) (signed, error)
	answer func(*Client) error
}

// signed is what all forms of ServerKeyExchange with a signature have.
type signed struct {
	params    []byte // what is signed beside the randoms
	scheme    iana.SignatureScheme
	signature []byte
}

var methods = [...]method{
	suite.ECDHE: ecdhe,
	suite.RSA:   encrypted,
	suite.DHE:   dhe,

	suite.PSK:      preShared,
	suite.ECDHEPSK: preSharedECDHE,
}
