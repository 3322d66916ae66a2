package legacy

import (
	"bytes"
	"crypto/rsa"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// encrypted is the exchange in which the client encrypts the premaster secret
// to the RSA key of the server's certificate. There is no ServerKeyExchange: a
// temporary RSA key in one was for the export suites, and a client that takes
// one takes the short key of an attacker (FREAK, CVE-2015-0204). RFC 5246,
// section 7.4.7.1.
var encrypted = method{encrypts: true, length: 2, accept: acceptEncrypted, answer: answerEncrypted}

func acceptEncrypted(s *Server, ciphertext []byte) (state, error) {
	s.Pose(handshake.Ask{Question: handshake.Premaster, Credential: s.cred, Content: bytes.Clone(ciphertext), Length: sign.PremasterLen})
	return sWaitPremaster, nil
}

// onPremaster takes the decrypted secret, which is random if the client sent a
// wrong one. Its version is overwritten with the one that was offered, so that
// a wrong version shows as a wrong Finished and no sooner (RFC 5246, section
// 7.4.7.1).
func (s *Server) onPremaster(msg) (state, error) {
	premaster := s.Answer.Bytes
	if len(premaster) != sign.PremasterLen {
		return 0, fault.With(fault.Internal, "a premaster secret of %d bytes", len(premaster))
	}
	v := s.Offer.Hello.Version
	premaster[0], premaster[1] = byte(v>>8), byte(v)
	return s.exchanged(premaster), nil
}

func answerEncrypted(c *Client) error {
	public, ok := c.Done.Peer.Key.(*rsa.PublicKey)
	if !ok {
		return fault.With(fault.Internal, "a key of type %T", c.Done.Peer.Key) // the suite wants RSA
	}
	if err := c.Done.Peer.MayEncrypt(); err != nil {
		return err
	}
	sent, err := wire.ParseClientHello(c.Hello[wire.HeaderLen:])
	if err != nil {
		return err
	}
	c.premaster = make([]byte, sign.PremasterLen)
	if err := c.Random(c.premaster[2:]); err != nil {
		return err
	}
	c.premaster[0], c.premaster[1] = byte(sent.Version>>8), byte(sent.Version)
	//lint:ignore SA1019 RSA key exchange is PKCS #1 v1.5; it is off unless a policy names it
	if c.exchange, err = rsa.EncryptPKCS1v15(c.Config.Rand, public, c.premaster); err != nil {
		return fault.With(fault.Internal, "RSA: %w", err)
	}
	return nil
}
