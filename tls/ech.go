package tls

import (
	stdtls "crypto/tls"
	"errors"

	"github.com/handsel-tls/handsel/internal/protocol/ech"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/verify"
)

// The standard library's types for Encrypted Client Hello.
type (
	ECHRejectionError       = stdtls.ECHRejectionError
	EncryptedClientHelloKey = stdtls.EncryptedClientHelloKey
)

// prepareECH works out the settings for Encrypted Client Hello.
func (c *Config) prepareECH(h *handshake.Config) (err error) {
	h.ECHConfigs, h.ECHRequired = c.EncryptedClientHelloConfigList, c.EncryptedClientHelloConfigList != nil
	h.ECHGrease, h.AskECHKeys = c.EncryptedClientHelloGREASE, c.GetEncryptedClientHelloKeys != nil
	h.ECH, err = echKeys(c.EncryptedClientHelloKeys)
	return err
}

// echKeys takes keys as crypto/tls has them, nil if there are none.
func echKeys(list []EncryptedClientHelloKey) (*ech.Keys, error) {
	if len(list) == 0 {
		return nil, nil
	}
	keys := new(ech.Keys)
	for _, k := range list {
		key, err := ech.NewKey(k.Config, k.PrivateKey)
		if err != nil {
			return nil, err
		}
		keys.Add(key, k.SendAsRetry)
	}
	return keys, nil
}

// checkECHVersions refuses versions below TLS 1.3 for a client that encrypts its
// ClientHello, as crypto/tls does.
func (c *Config) checkECHVersions() error {
	switch {
	case c.EncryptedClientHelloConfigList == nil:
		return nil
	case c.MinVersion != 0 && c.MinVersion < VersionTLS13:
		return errors.New("tls: MinVersion must be >= VersionTLS13 if EncryptedClientHelloConfigList is populated")
	case c.MaxVersion != 0 && c.MaxVersion < VersionTLS13:
		return errors.New("tls: MaxVersion must be >= VersionTLS13 if EncryptedClientHelloConfigList is populated")
	}
	return nil
}

// echKeys asks the program for the keys for a client.
func (h *host) echKeys(o *negotiate.Offer) handshake.Answer {
	list, err := h.config.GetEncryptedClientHelloKeys(h.helloInfo(o))
	if err != nil {
		return h.failed(fault.ConfigFailed, err)
	}
	keys, err := echKeys(list)
	if err != nil {
		return h.failed(fault.ConfigFailed, err)
	}
	return handshake.Answer{ECHKeys: keys}
}

// publicVerdict says whether a server that has rejected the encrypted
// ClientHello is the one of the public name: only then are the configurations
// that it gives of use. What the program set for the server it wanted does not
// count.
func (h *host) publicVerdict(peer *handshake.PeerCertificates, name string) error {
	certs, err := verify.Certificates(peer.Chain)
	switch {
	case err != nil:
	case h.config.EncryptedClientHelloRejectionVerify != nil:
		err = h.config.EncryptedClientHelloRejectionVerify(h.conn.newState())
	default:
		err = h.check(verify.Request{Certificates: certs, Roots: h.config.RootCAs, Usage: verify.Server, Name: name})
	}
	return h.verdictFault(err)
}

// echRejection gives the error of a rejection as crypto/tls has it.
func (c *Conn) echRejection() *ECHRejectionError {
	e := &ECHRejectionError{}
	if configs := c.engine.Established().ECH.RetryConfigs; configs != nil {
		e.RetryConfigList = configs.AppendList(nil)
	}
	return e
}

func echAccepted(e *handshake.Established) bool {
	return e.ECH != nil && (e.ECH.Status == trace.ECHAccepted || e.ECH.Status == trace.ECHBackend)
}
