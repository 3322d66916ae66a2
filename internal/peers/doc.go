// Package peers tests package tls against programs that others wrote: the
// standard library in this process, and OpenSSL, GnuTLS, NSS, curl, Chromium and
// the JDK as processes, over loopback, as clients and as servers. What few peers
// still speak is recorded in testdata, and needs none of them: see TestGolden.
//
// A program that is not installed skips its tests and says how to install it;
// with HANDSEL_PEERS=required in the environment it fails them instead. A
// combination that a program cannot do is a row of the table holes, with its
// reason. With -short the matrix takes a sample in which every version, suite,
// group and key type still appears.
//
// To find out whether a failure is ours or the test's, run the same tests with
// the standard library in our place:
//
//	go test -tags peers_std ./internal/peers
package peers
