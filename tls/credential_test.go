package tls

import "testing"

// A key that is a slice cannot be compared, and is found all the same.
func TestCredentialOfEveryKeyIsCached(t *testing.T) {
	for _, kind := range []string{"Ed25519", "P-256", "RSA-2048"} {
		cert := certOf(kind)
		first, err := credentialOf(&cert)
		if err != nil {
			t.Fatal(err)
		}
		if second, err := credentialOf(&cert); err != nil || first != second {
			t.Errorf("%s: it was made twice: %v", kind, err)
		}
	}
}
