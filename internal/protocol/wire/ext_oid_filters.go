package wire

import (
	"iter"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// OIDFilters is oid_filters of a CertificateRequest, as a view. RFC 9846,
// section 4.3.5:
//
//	struct {
//	    opaque certificate_extension_oid<1..2^8-1>;
//	    opaque certificate_extension_values<0..2^16-1>;
//	} OIDFilter;
//	OIDFilter filters<0..2^16-1>;
type OIDFilters []byte

// ParseOIDFilters reads the extension; what the filters hold is DER.
func ParseOIDFilters(body []byte) (OIDFilters, error) {
	r := newExtension("oid_filters", body)
	list := r.Vec(2, "filters", 0)
	if err := r.Done(); err != nil {
		return nil, err
	}
	filters := r.within(list)
	for !filters.Empty() {
		filters.Vec(1, "certificate_extension_oid", 1)
		filters.Vec(2, "certificate_extension_values", 0)
	}
	return list, filters.Done()
}

// All walks the filters: the OID of an extension, and its values.
func (f OIDFilters) All() iter.Seq2[[]byte, []byte] {
	return func(yield func([]byte, []byte) bool) {
		for r := NewReader("", f); !r.Empty(); {
			if !yield(r.Vec(1, "", 1), r.Vec(2, "", 0)) {
				return
			}
		}
	}
}

// AppendOIDFilters appends the extension with a ready list.
func AppendOIDFilters(b []byte, f OIDFilters) []byte {
	b, m := openExtension(b, iana.ExtOIDFilters)
	return m.Close(vec(b, 2, f))
}

// AppendOIDFilter appends a filter to a list.
func AppendOIDFilter(f OIDFilters, oid, values []byte) OIDFilters {
	return vec(vec(f, 1, oid), 2, values)
}
