package assemble

import (
	"crypto/x509"
	"fmt"
	"os"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/handsel-tls/handsel/internal/serve/certs"
	"github.com/handsel-tls/handsel/internal/serve/endpoint"
)

// fetchAhead has the stapler fetch responses for certificates that bindings call by
// names, before anybody needs them. No private key is opened for that.
func (d *Data) fetchAhead(names []string, named map[string]endpoint.GetCertificate) {
	var stored []string
	for _, name := range names {
		get := named[name]
		if get == nil {
			stored = append(stored, name)
		} else if cert, err := get(); err == nil {
			d.Stapler.Staple(cert)
		}
	}
	for _, thumbprint := range d.Store.NamingResponders(stored) {
		if info, _, err := d.Store.Show(thumbprint); err == nil {
			d.Stapler.Want(info.Chain)
		}
	}
}

// staple reads the OCSP response of a certificate, and says what clients will
// not like about it.
func (p *Plan) staple(name string, pair *certs.Pair) (der []byte, notice string, err error) {
	der, err = os.ReadFile(p.file.Abs(name))
	if err != nil {
		return nil, "", err
	}
	var issuer *x509.Certificate // without it, who signed the response is not known here
	if len(pair.Chain) > 1 {
		issuer = pair.Chain[1]
	}
	r, err := ocsp.ParseResponseForCert(der, pair.Leaf(), issuer)
	switch {
	case err != nil:
		return nil, "", fmt.Errorf("%s is no OCSP response for the certificate: %w", name, err)
	case r.Status == ocsp.Revoked:
		return der, fmt.Sprintf("%s says that it was revoked on %s", name, r.RevokedAt.Format(time.DateOnly)), nil
	case !r.NextUpdate.IsZero() && time.Now().After(r.NextUpdate):
		return der, fmt.Sprintf("%s was good until %s: fetch a new one", name, r.NextUpdate.Format(time.DateTime)), nil
	}
	return der, "", nil
}
