package bench

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// A daemon is a server as a process of its own. All serve one small file over
// TLS 1.2 and 1.3, HTTP/1.1 and HTTP/2, by as many names as there are.
type daemon struct {
	name    string
	program string
	// configure writes its settings into a folder, and gives its command line.
	configure func(s *served) ([]string, error)
}

// served is what a daemon serves. The certificates are files, the chain first and
// then the key.
type served struct {
	folder string
	port   int
	names  []string // its first is that of requests
	files  []string // of the certificate of each name
	root   string   // the folder with index.html
}

// page is what is served: as small as it can be, for what is measured are
// connections.
const page = "this is a small file.\n"

var daemons = []daemon{
	{"handsel", "handsel", configureHandsel}, {"nginx", "nginx", configureNginx},
	{"haproxy", "haproxy", configureHAProxy}, {"caddy", "caddy", configureCaddy},
}

// write writes a file of settings, and gives its path.
func (s *served) write(name, text string) (string, error) {
	path := filepath.Join(s.folder, name)
	return path, os.WriteFile(path, []byte(text), 0o600)
}

func configureHandsel(s *served) ([]string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "listen: {https: [\"127.0.0.1:%d\"]}\nsites: [{name: one, folder: %s}]\ncertificates:\n", s.port, s.root)
	for i, file := range s.files {
		fmt.Fprintf(&b, "  - {name: c%d, files: [%s]}\n", i, file)
	}
	b.WriteString("bindings:\n")
	for i, name := range s.names {
		fmt.Fprintf(&b, "  - {on: \"%s:%d\", certificates: [c%d], site: one}\n", name, s.port, i)
	}
	path, err := s.write("handsel.yaml", b.String())
	return []string{"serve", "--config", path, "--data", filepath.Join(s.folder, "data"), "--web-listen", "127.0.0.1:0"}, err
}

func configureNginx(s *served) ([]string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, `daemon off;
worker_processes 1;
pid %[1]s/pid;
error_log stderr crit;
events { worker_connections 4096; }
http {
	access_log off;
	client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
	server_names_hash_max_size 65536; server_names_hash_bucket_size 128;
	keepalive_requests 100000000; keepalive_timeout 600s;
	root %[2]s;
	ssl_protocols TLSv1.2 TLSv1.3;
	ssl_conf_command NumTickets 1;
`, s.folder, s.root)
	for i, name := range s.names {
		fmt.Fprintf(&b, "\tserver { listen 127.0.0.1:%d ssl http2; server_name %s; ssl_certificate %s; ssl_certificate_key %[3]s; }\n", s.port, name, s.files[i])
	}
	b.WriteString("}\n")
	if os.Geteuid() == 0 { // or its worker is somebody else, who cannot read the folder
		b.WriteString("user root;\n")
	}
	path, err := s.write("nginx.conf", b.String())
	return []string{"-c", path, "-p", s.folder}, err
}

func configureHAProxy(s *served) ([]string, error) {
	list, err := s.write("certificates.txt", strings.Join(s.files, "\n")+"\n")
	if err != nil {
		return nil, err
	}
	path, err := s.write("haproxy.cfg", fmt.Sprintf(`global
	nbthread 1
	maxconn 4096
	ssl-default-bind-options ssl-min-ver TLSv1.2
	ssl-default-bind-ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256
defaults
	mode http
	timeout client 600s
	timeout http-keep-alive 600s
frontend one
	bind 127.0.0.1:%d ssl crt %s crt-list %s alpn h2,http/1.1
	http-request return status 200 content-type text/html file %s/index.html
`, s.port, s.files[0], list, s.root))
	return []string{"-db", "-f", path}, err
}

func configureCaddy(s *served) ([]string, error) {
	var b strings.Builder
	b.WriteString("{\n\tadmin off\n\tauto_https off\n\tservers {\n\t\tprotocols h1 h2\n\t}\n}\n")
	for i, name := range s.names {
		fmt.Fprintf(&b, "https://%s:%d {\n\tbind 127.0.0.1\n\ttls %s %[3]s\n\troot * %s\n\tfile_server\n}\n", name, s.port, s.files[i], s.root)
	}
	path, err := s.write("Caddyfile", b.String())
	return []string{"run", "--adapter", "caddyfile", "--config", path}, err
}

// writeCertificates makes a certificate for each name, shown with an intermediate,
// and the page.
func (s *served) writeCertificates(names []string) error {
	s.root = filepath.Join(s.folder, "root")
	if err := errors.Join(os.MkdirAll(s.root, 0o700), os.WriteFile(filepath.Join(s.root, "index.html"), []byte(page), 0o600)); err != nil {
		return err
	}
	authority := tlstest.NewAuthority("bench intermediate", tlstest.Root())
	for i, name := range names {
		key := tlstest.NewKey("P-256")
		now := time.Now()
		der := authority.Leaf(key, []string{name}, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now.Add(-time.Hour), now.AddDate(0, 3, 0) })
		private, err := sign.MarshalPrivateKey(key)
		if err != nil {
			return err
		}
		var text bytes.Buffer
		for _, c := range der {
			pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: c})
		}
		pem.Encode(&text, &pem.Block{Type: "PRIVATE KEY", Bytes: private})
		file, err := s.write(fmt.Sprintf("c%d.pem", i), text.String())
		if err != nil {
			return err
		}
		s.names, s.files = append(s.names, name), append(s.files, file)
	}
	return nil
}

// A process is a daemon that runs.
type process struct {
	daemon
	addr    string
	command *exec.Cmd
	said    *bytes.Buffer
	started time.Duration // until it took a connection
}

// start runs a daemon on one processor, and waits until it takes connections.
func (d daemon) start(path string, s served, on int) (*process, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.port = l.Addr().(*net.TCPAddr).Port
	l.Close()
	s.folder = filepath.Join(s.folder, d.name)
	if err := os.MkdirAll(s.folder, 0o700); err != nil {
		return nil, err
	}
	args, err := d.configure(&s)
	if err != nil {
		return nil, err
	}
	p := &process{daemon: d, addr: fmt.Sprintf("127.0.0.1:%d", s.port), said: &bytes.Buffer{}}
	p.command = exec.Command(path, args...)
	p.command.Env = append(os.Environ(), "HOME="+s.folder, "XDG_CONFIG_HOME="+s.folder, "XDG_DATA_HOME="+s.folder)
	p.command.Stderr = p.said // standard output goes to /dev/null
	p.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	from := time.Now()
	if err := startOn(p.command, on); err != nil {
		return nil, err
	}
	for {
		if c, err := net.Dial("tcp", p.addr); err == nil {
			c.Close()
			p.started = time.Since(from)
			return p, nil
		}
		if time.Since(from) > 2*time.Minute {
			p.stop()
			return nil, fmt.Errorf("takes no connection within 2 minutes\n%s", p.said)
		}
		time.Sleep(time.Millisecond)
	}
}

// stop ends it.
func (p *process) stop() {
	p.command.Process.Signal(syscall.SIGTERM)
	done := make(chan struct{})
	go func() { p.command.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(15 * time.Second):
		p.command.Process.Kill()
		<-done
	}
}

// tasks calls yield with the folder in /proc of each thread of the daemon and of the
// processes that it has started.
func (p *process) tasks(yield func(pid int, folder string) error) error {
	pids := []int{p.command.Process.Pid}
	for len(pids) > 0 {
		pid := pids[0]
		pids = pids[1:]
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
		if err != nil || len(threads) == 0 {
			return fmt.Errorf("%s is gone: %s", p.name, p.said)
		}
		for _, folder := range threads {
			if err := yield(pid, folder); err != nil {
				return err
			}
			text, _ := os.ReadFile(folder + "/children")
			for field := range strings.FieldsSeq(string(text)) {
				if child, err := strconv.Atoi(field); err == nil {
					pids = append(pids, child)
				}
			}
		}
	}
	return nil
}

// cpu gives the processor time that it has had, as the scheduler counts it.
func (p *process) cpu() (total time.Duration, err error) {
	err = p.tasks(func(_ int, folder string) error {
		text, err := os.ReadFile(folder + "/schedstat")
		if err != nil {
			return err
		}
		first, _, _ := strings.Cut(string(text), " ")
		ns, err := strconv.ParseInt(first, 10, 64)
		total += time.Duration(ns)
		return err
	})
	return total, err
}

// memory gives the bytes that it holds in memory; what processes share counts once.
func (p *process) memory() (total int64, err error) {
	seen := map[int]bool{}
	err = p.tasks(func(pid int, _ string) error {
		if seen[pid] {
			return nil
		}
		seen[pid] = true
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(text)) {
			if size, ok := strings.CutPrefix(line, "Pss:"); ok {
				kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(size), " kB"), 10, 64)
				total += kb << 10
				return err
			}
		}
		return fmt.Errorf("%s does not say what it holds", p.name)
	})
	return total, err
}
