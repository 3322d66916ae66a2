package cli

import (
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/handsel-tls/handsel/internal/serve/echkeys"
	"github.com/handsel-tls/handsel/tls"
)

// echCommand makes and shows keys for Encrypted Client Hello.
func (a *app) echCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "ech",
		Short: "Make keys for Encrypted Client Hello, and print them for the DNS",
		Long: `ech makes the keys with which a server decrypts the ClientHello of its clients,
so that the network sees a public name in place of the one they ask for (RFC
9849). Clients learn the configuration from the HTTPS record of the name they
ask for; the server finds the key by ech: in handsel.yaml.

The server also needs a certificate for the public name, and a binding: clients
whose configuration is out of date are given the new one under that name.`,
		Example: `  handsel ech generate --public-name public.example.com --out ech.pem
  handsel ech show ech.pem
  handsel connect secret.example.com --ech "$(handsel ech show --base64 ech.pem)"`,
	}
	c.AddCommand(a.echGenerateCommand(), a.echShowCommand())
	return c
}

func (a *app) echGenerateCommand() *cobra.Command {
	var name, out string
	var longest uint8
	c := &cobra.Command{
		Use:     "generate --public-name name --out file",
		Short:   "Make a key and its configuration",
		Example: "  handsel ech generate --public-name public.example.com --out ech.pem",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			f, err := echkeys.Generate(name, longest)
			if err != nil {
				return &exitError{exitUsage, err}
			}
			if err := f.Write(out); err != nil {
				return &exitError{exitFailed, err}
			}
			a.showECH(f)
			return nil
		},
	}
	c.Flags().StringVar(&name, "public-name", "", "name that the network may see, such as public.example.com")
	c.Flags().StringVar(&out, "out", "", "file to write: a new one, which only you can read")
	c.Flags().Uint8Var(&longest, "longest", 64, "length of the longest name that is asked for: others are padded to it")
	c.MarkFlagRequired("public-name")
	c.MarkFlagRequired("out")
	c.MarkFlagFilename("out")
	return c
}

func (a *app) echShowCommand() *cobra.Command {
	var bare bool
	c := &cobra.Command{
		Use:     "show file",
		Short:   "Print the configuration of a key for the DNS",
		Example: "  handsel ech show ech.pem",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			f, open, err := echkeys.Read(args[0])
			if err != nil {
				return &exitError{exitFailed, err}
			}
			if open {
				fmt.Fprintln(a.err, "note: others on this computer can read the private key: chmod 600 "+args[0])
			}
			if bare {
				fmt.Fprintln(a.out, f.Base64())
				return nil
			}
			a.showECH(f)
			return nil
		},
	}
	c.Flags().BoolVar(&bare, "base64", false, "print the list of configurations alone, as connect --ech takes it")
	return c
}

// showECH prints the record for the DNS. RFC 9848.
func (a *app) showECH(f *echkeys.File) {
	fmt.Fprintf(a.out, "; for each name that is asked for; public name: %s\n", plain(strings.Join(f.PublicNames(), ", ")))
	fmt.Fprintf(a.out, "NAME. 300 IN HTTPS 1 . ech=%s\n", f.Base64())
}

// readECH reads what stands behind ech= in a DNS record, or a PEM file with an
// ECHCONFIG.
func readECH(text string) ([]byte, error) {
	if b, err := os.ReadFile(text); err == nil {
		for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
			if block.Type == "ECHCONFIG" {
				return block.Bytes, nil
			}
		}
		return nil, fmt.Errorf("--ech: %s holds no ECHCONFIG in PEM", text)
	}
	text = strings.Trim(strings.TrimPrefix(text, "ech="), "\"")
	list, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(list) == 0 {
		return nil, errors.New("--ech takes the value of ech= in an HTTPS record, in base64, or a PEM file with an ECHCONFIG: handsel ech show prints the one, handsel ech generate writes the other")
	}
	return list, nil
}

// retryECH says in a line of its own what to do about a server that has other configurations.
func retryECH(err error) string {
	var rejected *tls.ECHRejectionError
	switch {
	case !errors.As(err, &rejected):
		return ""
	case rejected.RetryConfigList == nil:
		return "\nthe server has no keys for it: connect without --ech, and the network sees the name"
	}
	return "\nthe server has proved its public name and wants this: --ech " + base64.StdEncoding.EncodeToString(rejected.RetryConfigList)
}
