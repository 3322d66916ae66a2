package sign

import (
	"crypto/x509"
	"encoding/asn1"
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// oidFeature is the extension id-pe-tlsfeature. RFC 7633, section 6.
var oidFeature = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 24}

// MustStaple reports whether a certificate asks its server to staple an OCSP
// response, without which clients may refuse it. RFC 7633.
func MustStaple(leaf *x509.Certificate) bool {
	for _, e := range leaf.Extensions {
		var features []int
		if !e.Id.Equal(oidFeature) {
			continue
		}
		if rest, err := asn1.Unmarshal(e.Value, &features); err == nil && len(rest) == 0 {
			return slices.Contains(features, int(iana.ExtStatusRequest))
		}
	}
	return false
}
