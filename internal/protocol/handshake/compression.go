package handshake

import (
	"github.com/handsel-tls/handsel/internal/protocol/compress"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// maxCertificate is the length in bytes of the longest Certificate message that
// is accepted if the settings say nothing else.
const maxCertificate = 1 << 17

// CertificateLimit is the length in bytes of the longest Certificate message
// that is accepted, compressed or not.
func (c *Config) CertificateLimit() int {
	if c.MaxCertificate > 0 {
		return c.MaxCertificate
	}
	return maxCertificate
}

// SendCertificate13 sends the certificate of this side, compressed if the peer
// can decompress it and something is gained. RFC 9846, section 4.5.1; RFC 8879,
// section 4.
func (c *Core) SendCertificate13(cred *sign.Credential, offered wire.List[iana.CertificateCompression], staple, scts bool) {
	if len(c.Context) > 0 { // what is compressed once has no context
		offered = nil
	}
	if a := negotiate.Compression(offered, c.Config.Compress, c.Log); a != nil {
		if small, n := cred.Compressed13(a, c.Config.CompressAfter, staple, scts); small != nil {
			m := wire.CompressedCertificate{Algorithm: a.ID, UncompressedLength: n, Compressed: small}
			c.Send(iana.MsgCompressedCertificate, m.Append(c.Out.Message()))
			return
		}
	}
	c.Send(iana.MsgCertificate, wire.AppendCertificate13(c.Out.Message(), c.Context, cred.List13(staple, scts)))
}

// AppendCompressions appends compress_certificate with what this side can
// decompress, if there is anything. RFC 8879, section 3.
func (c *Core) AppendCompressions(b []byte) []byte {
	if len(c.Config.Decompress) == 0 {
		return b
	}
	ids := make([]iana.CertificateCompression, 0, 3)
	for _, a := range c.Config.Decompress {
		ids = append(ids, a.ID)
	}
	return wire.AppendCompressCertificate(b, ids)
}

// Decompress gives the body of the Certificate that a CompressedCertificate
// stands for. RFC 8879, section 4.
func (c *Core) Decompress(m Message) (body []byte, err error) {
	if !c.Asked.Has(iana.ExtCompressCertificate) {
		return nil, fault.With(fault.UnexpectedMessage, "%v was not asked for", m.Type)
	}
	shown, err := wire.ParseCompressedCertificate(m.Body)
	if err != nil {
		return nil, err
	}
	a, most := compress.Of(c.Config.Decompress, shown.Algorithm), c.Config.CertificateLimit()
	switch {
	case a == nil:
		return nil, fault.With(fault.CompressionUnknown, "%v", shown.Algorithm)
	case shown.UncompressedLength > most:
		return nil, fault.With(fault.DecompressedTooLong, "%d bytes, the limit is %d", shown.UncompressedLength, most)
	}
	body = make([]byte, shown.UncompressedLength)
	if err := a.Decompress(body, shown.Compressed); err != nil {
		return nil, fault.With(fault.DecompressionFailed, "%v: %w", a.ID, err)
	}
	return body, nil
}
