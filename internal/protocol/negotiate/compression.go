package negotiate

import (
	"github.com/handsel-tls/handsel/internal/protocol/compress"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// ReadCompressions reads compress_certificate. A list that names an algorithm
// twice is refused: it is a set. RFC 8879, section 3.
func ReadCompressions(body []byte) (wire.List[iana.CertificateCompression], error) {
	l, err := wire.ParseCompressCertificate(body)
	if err != nil {
		return nil, err
	}
	for i := range l.Len() {
		for j := range i {
			if l.At(i) == l.At(j) {
				return nil, fault.With(fault.ExtensionValue, "%v names %v twice", iana.ExtCompressCertificate, l.At(i))
			}
		}
	}
	return l, nil
}

// Compression chooses how the certificate is compressed: the first of this
// side's algorithms that the peer can decompress, nil if there is none.
func Compression(offered wire.List[iana.CertificateCompression], ours []*compress.Algorithm, log *trace.Log) *compress.Algorithm {
	if len(offered) == 0 {
		return nil
	}
	for _, a := range ours {
		if offered.Has(a.ID) {
			log.Chose(trace.Compression, uint16(a.ID))
			return a
		}
		log.Refused(trace.Compression, uint16(a.ID), trace.NotOffered)
	}
	return nil
}
