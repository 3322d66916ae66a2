package assemble

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/handsel-tls/handsel/internal/serve/config"
)

// ExampleNames are the hosts of the example sites.
func ExampleNames() []string { return []string{"one.localhost", "two.localhost"} }

// Example makes the two example sites in the data folder and gives their
// configuration, which is written beside them as example.yaml, to be copied and
// changed.
func Example(d *Data, httpsPort, httpPort uint16) (*config.File, error) {
	var b strings.Builder
	b.WriteString("# Written each time that handsel serve is run without --config: copy it to change it.\n")
	fmt.Fprintf(&b, "listen:\n  https: [%s]\n  http: [%s]\n", loopback(httpsPort), loopback(httpPort))
	b.WriteString("certificates:\n")
	for _, host := range ExampleNames() {
		fmt.Fprintf(&b, "  - {name: %s, local_ca: [%s]}\n", short(host), host)
	}
	b.WriteString("sites:\n")
	for _, host := range ExampleNames() {
		fmt.Fprintf(&b, "  - {name: %s, hosts: [%s], folder: sites/%s}\n", short(host), host, short(host))
		if err := exampleFolder(filepath.Join(d.Dir, "sites", short(host)), host); err != nil {
			return nil, err
		}
	}
	b.WriteString("bindings:\n")
	for _, host := range ExampleNames() {
		fmt.Fprintf(&b, "  - {on: \"%s:%d\", certificates: [%s], site: %s}\n", host, httpsPort, short(host), short(host))
	}
	path := filepath.Join(d.Dir, "example.yaml")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		return nil, err
	}
	return config.Load(path)
}

func short(host string) string {
	name, _, _ := strings.Cut(host, ".")
	return name
}

// loopback gives the addresses on which this computer reaches itself: not all
// have IPv6.
func loopback(port uint16) string {
	list := fmt.Sprintf("\"127.0.0.1:%d\"", port)
	if l, err := net.Listen("tcp", "[::1]:0"); err == nil {
		l.Close()
		list += fmt.Sprintf(", \"[::1]:%d\"", port)
	}
	return list
}

// exampleFolder makes the folder of a site, if it is not there.
func exampleFolder(dir, host string) error {
	index := filepath.Join(dir, "index.html")
	if _, err := os.Stat(index); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	const page = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>%s</title>\n<h1>%s</h1>\n" +
		"<p>This is a site of Handsel. Its file is index.html in the folder sites/%s of the data folder.</p>\n</html>\n"
	return os.WriteFile(index, fmt.Appendf(nil, page, host, host, short(host)), 0o600)
}
