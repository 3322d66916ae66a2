package legacy

import (
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/prf"
)

// finishedPRF is the verify_data of TLS. RFC 5246, section 7.4.9.
func finishedPRF(c *common, server bool) (v [prf.MaxFinishedLen]byte) {
	var hash [48]byte
	short := c.keyed.Finished(server, c.Transcript.Sum(hash[:0]))
	copy(v[:], short[:])
	return v
}

// finished30 is that of SSL 3.0. RFC 6101, section 5.6.9.
func finished30(c *common, server bool) [prf.MaxFinishedLen]byte {
	sender := "CLNT"
	if server {
		sender = "SRVR"
	}
	return prf.Digest30(c.Done.Master[:], sender, c.Transcript.SumWith)
}

// messages is what a CertificateVerify of TLS signs. RFC 5246, section 7.4.8.
func messages(c *common) []byte { return c.Transcript.Kept() }

// digest30 is what one of SSL 3.0 signs: two hashes, which are not hashed again.
// RFC 6101, section 5.6.8.
func digest30(c *common) []byte {
	d := prf.Digest30(c.Done.Master[:], "", c.Transcript.SumWith)
	return d[:]
}

// onNoCertificate is WAIT_CERT when a client of SSL 3.0 has no certificate to
// show, which it says with an alert. RFC 6101, section 5.6.6.
func (s *Server) onNoCertificate(msg) (state, error) {
	if s.Config.ClientAuth == handshake.RequireClientAuth {
		return 0, fault.CertificateMissing12
	}
	return sWaitClientKeyExchange, nil
}
