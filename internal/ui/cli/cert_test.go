package cli

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/tlstest"
)

func TestCertImportAndList(t *testing.T) {
	dir := t.TempDir()
	cred := tlstest.Credentials()["P-256"]
	key, err := x509.MarshalPKCS8PrivateKey(cred.Key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "shop.pem")
	text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cred.Chain[0]}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})...)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(code int, args ...string) string {
		t.Helper()
		var out, errOut bytes.Buffer
		if got := Main(append(args, "--data", filepath.Join(dir, "data")), strings.NewReader(""), &out, &errOut); got != code {
			t.Fatalf("%v: exit code %d: %s", args, got, &errOut)
		}
		return out.String()
	}
	thumbprint := strings.TrimSpace(run(exitOK, "cert", "import", file))
	if len(thumbprint) != 64 {
		t.Errorf("the thumbprint is %q", thumbprint)
	}
	if list := run(exitOK, "cert", "list"); !strings.Contains(list, thumbprint) || !strings.Contains(list, "a.example") {
		t.Errorf("the list is %q", list)
	}
	if list := run(exitOK, "cert", "list", "--json"); !strings.Contains(list, `"thumbprint": "`+thumbprint) {
		t.Errorf("the list is %q", list)
	}
	run(exitFailed, "cert", "import", filepath.Join(dir, "none.pem"))
}
