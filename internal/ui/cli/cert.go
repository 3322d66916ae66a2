package cli

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/handsel-tls/handsel/internal/serve/admin"
	"github.com/handsel-tls/handsel/internal/serve/assemble"
	"github.com/handsel-tls/handsel/internal/serve/certs"
)

// certCommand fills and shows the store in which bindings and configurations find
// certificates.
func (a *app) certCommand() *cobra.Command {
	c, s := a.adminCommand("cert", "Import, issue, renew, list, show, export and remove certificates, while the server runs",
		`cert works on the certificate store in the data folder, from which bindings and
handsel.yaml take certificates by thumbprint. Private keys are encrypted there
with a key in the file master.key, which only you can read, and which a passphrase
may protect.

A certificate is called by its thumbprint (SHA-256 or SHA-1), by how that begins,
or by a host name that it alone is for.`,
		`  handsel cert import shop.pem shop.key
  handsel cert import shop.pfx --password-file password.txt --replace shop.example.com
  handsel cert list
  handsel cert export shop.example.com --format pfx --password-file password.txt --out shop.pfx
  handsel cert remove 9f86d081`)
	c.AddCommand(s.certImport(), s.certList(), s.certShow(), s.certExport(), s.certRemove(), s.certIssue(), s.certRenew(), s.certProtect(), s.certACME())
	return c
}

func (s *admins) certImport() *cobra.Command {
	var passwordFile, replace string
	c := &cobra.Command{
		Use:   "import file... [-- program argument...]",
		Short: "Import a certificate, its chain and its key",
		Long: `import takes the files of one certificate, in any order: PEM, DER, PFX (PKCS #12),
keys in PKCS #8, PKCS #1 and SEC 1, encrypted or not. It puts the chain in order,
completes it with issuers that the store has, and says what clients will not like.
It prints the thumbprint.

A program after -- signs for a certificate whose private key it holds, such as
handsel-pkcs11 for a hardware module: the key never comes here, and the files are
those of the certificate. The server starts it as it needs signatures.

With --replace, bindings that name the other certificate name this one from now on:
so a certificate is renewed.`,
		Example: `  handsel cert import shop.pem shop.key
  handsel cert import new.pfx --password-file password.txt --replace shop.example.com
  handsel cert import shop.pem -- handsel-pkcs11 --module /usr/lib/softhsm/libsofthsm2.so --token web --pin-file pin.txt --label shop`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, files []string) error {
			i := admin.Import{Replace: replace}
			if n := c.ArgsLenAtDash(); n >= 0 {
				var err error
				if i.Signer, err = program(files[n:]); err != nil {
					return &exitError{exitUsage, err}
				}
				files = files[:n]
			}
			for _, name := range files {
				data, err := readFile(name)
				if err != nil {
					return &exitError{exitFailed, err}
				}
				i.Files = append(i.Files, certs.Source{Name: name, Data: data})
			}
			var err error
			if passwordFile != "" {
				if i.Password, err = certs.ReadPassphrase(passwordFile); err != nil {
					return &exitError{exitFailed, err}
				}
			}
			return s.with(func(client *admin.Client) error { return s.imported(client, &i) })
		},
	}
	c.Flags().StringVar(&passwordFile, "password-file", "", "file whose first line is the password of an encrypted file")
	c.Flags().StringVar(&replace, "replace", "", "certificate in whose place bindings are to name this one")
	c.RegisterFlagCompletionFunc("replace", s.complete(certificateNames))
	return c
}

// program gives a command as the server can start it, which has another working
// folder: files that are named are those of here.
func program(command []string) ([]string, error) {
	if len(command) == 0 {
		return nil, errors.New("-- is there, and no program after it that signs")
	}
	found, err := exec.LookPath(command[0])
	if err != nil {
		return nil, fmt.Errorf("the program that is to sign: %w", err)
	}
	if found, err = filepath.Abs(found); err != nil {
		return nil, err
	}
	command = append([]string{found}, command[1:]...)
	for i, text := range command[1:] {
		if info, err := os.Stat(text); err == nil && info.Mode().IsRegular() {
			if abs, err := filepath.Abs(text); err == nil {
				command[i+1] = abs
			}
		}
	}
	return command, nil
}

// readFile reads a file of which nobody expects much.
func readFile(name string) ([]byte, error) {
	const most = 4 << 20
	if info, err := os.Stat(name); err == nil && info.Size() > most {
		return nil, fmt.Errorf("%s is longer than %d MiB: it cannot be a certificate", name, most>>20)
	}
	return os.ReadFile(name)
}

func (s *admins) imported(client *admin.Client, i *admin.Import) error {
	var c admin.Certificate
	err := client.Do("POST", "/v1/certificates", i, &c)
	if e, ok := errors.AsType[*admin.Error](err); ok && e.Code == "needs_password" && i.Password == "" {
		if password, ok := s.askPassword(); ok {
			i.Password = password
			err = client.Do("POST", "/v1/certificates", i, &c)
		}
	}
	if err != nil {
		return err
	}
	s.print(c, func() {
		s.warn(c.Warnings)
		fmt.Fprintln(s.out, c.Thumbprint)
	})
	return nil
}

// askPassword asks at a terminal, without showing what is typed.
func (s *admins) askPassword() (string, bool) {
	f, ok := s.in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return "", false
	}
	fmt.Fprint(s.err, "Password of the encrypted file: ")
	password, err := term.ReadPassword(int(f.Fd()))
	fmt.Fprintln(s.err)
	return string(password), err == nil && len(password) > 0
}

func (s *admins) certList() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the certificates of the store, those that expire first in front",
		Example: "  handsel cert list --json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return s.with(func(client *admin.Client) error {
				var list admin.CertificateList
				if err := client.Do("GET", "/v1/certificates", nil, &list); err != nil {
					return err
				}
				s.print(list, func() {
					w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
					for _, c := range list.Certificates {
						fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", c.Thumbprint, validUntil(c.NotAfter), c.Key, plain(strings.Join(c.Names, " ")), usedBy(c.Bindings))
					}
					w.Flush()
				})
				return nil
			})
		},
	}
}

func validUntil(end time.Time) string {
	if time.Now().After(end) {
		return "expired " + end.Format(time.DateOnly)
	}
	return "until " + end.Format(time.DateOnly)
}

func usedBy(bindings []string) string {
	switch len(bindings) {
	case 0:
		return "no binding"
	case 1:
		return bindings[0]
	}
	return fmt.Sprintf("%s and %d more", bindings[0], len(bindings)-1)
}

func (s *admins) certShow() *cobra.Command {
	return &cobra.Command{
		Use:               "show certificate",
		Short:             "Show a certificate, its chain, who names it and what clients will not like",
		Example:           "  handsel cert show shop.example.com",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: s.complete(certificateNames),
		RunE: func(_ *cobra.Command, args []string) error {
			return s.with(func(client *admin.Client) error {
				var c admin.Certificate
				if err := client.Do("GET", path("/v1/certificates", args[0]), nil, &c); err != nil {
					return err
				}
				s.print(c, func() { s.showCertificate(&c) })
				return nil
			})
		},
	}
}

func (s *admins) showCertificate(c *admin.Certificate) {
	fmt.Fprintf(s.out, "SHA-256:   %s\nSHA-1:     %s\nsubject:   %s\nissuer:    %s\nnames:     %s\nvalid:     %s to %s\nkey:       %s\nadded:     %s",
		c.Thumbprint, c.SHA1, plain(c.Subject), plain(c.Issuer), plain(strings.Join(c.Names, " ")),
		c.NotBefore.Format(time.DateTime), c.NotAfter.Format(time.DateTime), c.Key, c.Added.Format(time.DateTime))
	if c.From != "" {
		fmt.Fprintf(s.out, ", from %s", plain(c.From))
	}
	fmt.Fprintln(s.out)
	if len(c.Signer) > 0 {
		fmt.Fprintf(s.out, "signs:     %s\n", plain(strings.Join(c.Signer, " ")))
	}
	for _, i := range c.Issuers {
		fmt.Fprintf(s.out, "chain:     %s, until %s\n", plain(i.Subject), i.NotAfter.Format(time.DateOnly))
	}
	if x := c.Staple; x != nil {
		fmt.Fprintf(s.out, "staple:    %s", x.Status)
		if x.Status != "none" {
			fmt.Fprintf(s.out, ", from %s until %s", x.ThisUpdate.Format(time.DateTime), x.NextUpdate.Format(time.DateTime))
		}
		if x.Problem != "" {
			fmt.Fprintf(s.out, " (%s)", plain(x.Problem))
		}
		fmt.Fprintln(s.out)
	}
	for _, b := range c.Bindings {
		fmt.Fprintf(s.out, "binding:   %s\n", b)
	}
	s.warn(c.Warnings)
}

func (s *admins) certExport() *cobra.Command {
	var x admin.Export
	var out, passwordFile string
	c := &cobra.Command{
		Use:   "export certificate",
		Short: "Write a certificate with its chain, and its key if that is wanted",
		Long: `export writes PEM, or with --format pfx a PFX (PKCS #12) with the private key. A
file with a private key is a new one, which only you can read.`,
		Example: `  handsel cert export shop.example.com > shop.pem
  handsel cert export shop.example.com --key --out shop-with-key.pem
  handsel cert export shop.example.com --format pfx --password-file password.txt --out shop.pfx`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: s.complete(certificateNames),
		RunE: func(_ *cobra.Command, args []string) error {
			if (x.Key || x.Format == "pfx") && out == "" {
				return &exitError{exitUsage, errors.New("a private key is not printed: name a file with --out")}
			}
			if passwordFile != "" {
				var err error
				if x.Password, err = certs.ReadPassphrase(passwordFile); err != nil {
					return &exitError{exitFailed, err}
				}
			}
			return s.with(func(client *admin.Client) error {
				var file admin.Exported
				if err := client.Do("POST", path("/v1/certificates", args[0], "export"), x, &file); err != nil {
					return err
				}
				if out == "" {
					_, err := s.out.Write(file.Data)
					return err
				}
				return writeNew(out, file.Data)
			})
		},
	}
	c.Flags().StringVar(&x.Format, "format", "pem", "pem or pfx")
	c.Flags().BoolVar(&x.Key, "key", false, "with the private key")
	c.Flags().StringVar(&out, "out", "", "file to write: a new one")
	c.Flags().StringVar(&passwordFile, "password-file", "", "file whose first line is to be the password of the PFX")
	c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"pem", "pfx"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// writeNew writes a file that was not there, for the owner only.
func writeNew(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

func (s *admins) certRemove() *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use:               "remove certificate...",
		Short:             "Remove certificates with their keys, if no binding names them",
		Example:           "  handsel cert remove 9f86d081",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: s.complete(certificateNames),
		RunE: func(_ *cobra.Command, args []string) error {
			return s.with(func(client *admin.Client) error {
				for _, name := range args {
					if err := client.Do("DELETE", fmt.Sprintf("%s?force=%t", path("/v1/certificates", name), force), nil, nil); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	c.Flags().BoolVar(&force, "force", false, "even if bindings name it, which cannot be connected to then")
	return c
}

func (s *admins) certProtect() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "protect --passphrase-file file",
		Short: "Have the master key need a passphrase, or another one, or none",
		Long: `protect encrypts the file master.key under a passphrase. From then on every command
that opens the data folder finds the passphrase by HANDSEL_PASSPHRASE_FILE, which
names the file that it stands in; so does the server when it starts. A server that
runs goes on. With an empty name the passphrase is taken away.`,
		Example: `  handsel cert protect --passphrase-file passphrase.txt
  HANDSEL_PASSPHRASE_FILE=passphrase.txt handsel serve
  HANDSEL_PASSPHRASE_FILE=passphrase.txt handsel cert protect --passphrase-file=`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			dir, err := dataDir(s.dir)
			if err != nil {
				return err
			}
			before, err := assemble.Passphrase()
			after := ""
			if err == nil && file != "" {
				after, err = certs.ReadPassphrase(file)
			}
			if err == nil {
				err = certs.ChangePassphrase(filepath.Join(dir, assemble.MasterFile), before, after)
			}
			if err != nil {
				return &exitError{exitFailed, err}
			}
			return nil
		},
	}
	c.Flags().StringVar(&file, "passphrase-file", "", "file whose first line is to be the passphrase; empty: none")
	c.MarkFlagRequired("passphrase-file")
	return c
}

// certificateNames gives thumbprints, with names for the shell to show.
func certificateNames(c *admin.Client) (names []string, err error) {
	var list admin.CertificateList
	err = c.Do("GET", "/v1/certificates", nil, &list)
	for _, x := range list.Certificates {
		names = append(names, fmt.Sprintf("%s\t%s %s", x.Thumbprint, strings.Join(x.Names, " "), validUntil(x.NotAfter)))
	}
	return names, err
}
