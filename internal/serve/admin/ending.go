package admin

import (
	"time"

	"github.com/handsel-tls/handsel/internal/serve/certs"
)

// An Ending is a certificate of a binding that expires soon, or has expired.
type Ending struct {
	Binding, Name string
	Certificate   string // thumbprint, SHA-256
	NotAfter      time.Time
}

// Ending gives the certificates that bindings name and that end soon. Of those that
// are found by name in a folder it knows nothing.
func (e *Estate) Ending(now time.Time) (list []Ending, err error) {
	infos, err := e.data.Store.List()
	if err != nil {
		return nil, err
	}
	soon := map[string]Ending{} // by how bindings name them
	for _, c := range infos {
		if !certs.EndsSoon(c.NotBefore, c.NotAfter, now) {
			break // those that end first are in front
		}
		name := c.Subject
		if len(c.Names) > 0 {
			name = c.Names[0]
		}
		soon[string(c.Thumbprint)] = Ending{Name: name, Certificate: string(c.Thumbprint), NotAfter: c.NotAfter}
	}
	e.mu.Lock()
	plan := e.plan
	e.mu.Unlock()
	if plan == nil {
		return nil, nil
	}
	for _, b := range plan.Setup.Table.Bindings() {
		for _, name := range b.Settings.Certificates {
			found, ok := soon[name]
			if _, _, other := certs.ParseThumbprint(name); !ok && other != nil { // of a file, of the local CA or of an authority
				if cert, err := plan.Setup.Certificate(name); err == nil && cert.Leaf != nil && certs.EndsSoon(cert.Leaf.NotBefore, cert.Leaf.NotAfter, now) {
					found, ok = Ending{Name: name, Certificate: string(certs.ThumbprintOf(cert.Leaf)), NotAfter: cert.Leaf.NotAfter}, true
				}
			}
			if ok {
				found.Binding = b.Key.String()
				list = append(list, found)
			}
		}
	}
	return list, nil
}
