package smtp_test

import (
	"bufio"
	"context"
	"mime"
	"net"
	netmail "net/mail"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"portico/internal/mail"
	"portico/internal/mail/mailtest"
	"portico/internal/mail/smtp"
)

func letter() mail.Message {
	return mail.Message{
		ID: "one@portal.example.com", FromName: "Örnek", From: "no-reply@portal.example.com", ReplyTo: "help@portal.example.com",
		ToName: "Ayşe", To: "ayse@example.com", Subject: "Şifre değil, anahtar", Language: "tr", Date: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC),
		Text: "Merhaba İzmir\n.\nson\n", HTML: "<p>Merhaba İzmir</p>",
	}
}

func sender(t *testing.T, address string, set func(*smtp.Server)) *smtp.Sender {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	s := smtp.Server{Host: host, Port: port}
	if set != nil {
		set(&s)
	}
	out, err := smtp.New(s)
	require.NoError(t, err)
	t.Cleanup(out.Close)
	return out
}

func TestWhatArrives(t *testing.T) {
	server := mailtest.Start(t, mailtest.Options{})
	s := sender(t, server.Address, nil)
	require.NoError(t, s.Send(t.Context(), letter()))
	require.NoError(t, s.Send(t.Context(), letter()), "by the same connection")
	l := server.Await(t, 2)[0]
	require.Equal(t, "no-reply@portal.example.com", l.From)
	require.Equal(t, "ayse@example.com", l.To)
	require.Equal(t, "Şifre değil, anahtar", l.Subject())
	for name, want := range map[string]string{
		"Message-Id": "<one@portal.example.com>", "Auto-Submitted": "auto-generated", "Content-Language": "tr", "Reply-To": "<help@portal.example.com>",
		"Date": "Sun, 01 Mar 2026 09:00:00 +0000", "User-Agent": "", "X-Mailer": "",
	} {
		require.Equal(t, want, l.Header.Get(name), name)
	}
	text, html := l.Parts(t)
	require.Equal(t, "Merhaba İzmir\n.\nson", strings.TrimSpace(text))
	require.Contains(t, html, "<p>Merhaba İzmir</p>")
	for _, line := range strings.Split(string(l.Raw), "\r\n") {
		require.LessOrEqual(t, len(line), 998, "RFC 5322")
		require.True(t, strings.IndexFunc(line, func(r rune) bool { return r > 126 }) < 0, "7 bits: %q", line)
	}
}

func TestTLS(t *testing.T) {
	config, roots := mailtest.Certificate(t)
	start := mailtest.Start(t, mailtest.Options{TLS: config, User: "portico", Password: "geh/eim"})
	trusted := func(s *smtp.Server) { s.StartTLS, s.Roots, s.User, s.Password = true, roots, "portico", "geh/eim" }
	require.NoError(t, sender(t, start.Address, trusted).Send(t.Context(), letter()))
	l := start.Await(t, 1)[0]
	require.True(t, l.TLS)
	require.Equal(t, "portico", l.User)

	implicit := mailtest.Start(t, mailtest.Options{TLS: config, Implicit: true, User: "portico", Password: "geh/eim"})
	require.NoError(t, sender(t, implicit.Address, func(s *smtp.Server) { trusted(s); s.StartTLS, s.TLS = false, true }).Send(t.Context(), letter()))
	implicit.Await(t, 1)

	clear := mailtest.Start(t, mailtest.Options{})
	for name, refused := range map[string]*smtp.Sender{
		"a certificate of nobody":         sender(t, start.Address, func(s *smtp.Server) { trusted(s); s.Roots = nil }),
		"a certificate of another":        sender(t, strings.Replace(start.Address, "127.0.0.1", "localhost", 1), func(s *smtp.Server) { trusted(s); s.Host = "localhost" }),
		"a wrong password":                sender(t, start.Address, func(s *smtp.Server) { trusted(s); s.Password = "x" }),
		"no password":                     sender(t, start.Address, func(s *smtp.Server) { trusted(s); s.User = "" }),
		"no STARTTLS though it must be":   sender(t, clear.Address, trusted),
		"TLS with a server that has none": sender(t, clear.Address, func(s *smtp.Server) { s.TLS, s.Roots = true, roots }),
	} {
		limited, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		err := refused.Send(limited, letter())
		cancel()
		require.Error(t, err, name)
		require.NotErrorAs(t, err, new(*mail.Refusal), "%s: it is no letter's fault", name)
		require.NotContains(t, err.Error(), "geh")
	}
	require.Len(t, start.Letters(), 1)
	require.Empty(t, clear.Letters())
}

func TestAnswers(t *testing.T) {
	server := mailtest.Start(t, mailtest.Options{})
	s := sender(t, server.Address, nil)
	for _, c := range []struct {
		answer    error
		refusal   bool
		permanent bool
	}{
		{mailtest.Answer(550, 5, 1, 1, "no such user"), true, true},
		{mailtest.Answer(552, 5, 2, 2, "full"), true, true},
		{mailtest.Answer(554, 5, 7, 1, "not from you"), true, false},
		{mailtest.Answer(450, 4, 2, 0, "greylisted"), true, false},
		{mailtest.Answer(421, 4, 3, 2, "going down"), false, false},
	} {
		for _, at := range []string{"recipient", "content"} {
			if at == "recipient" {
				server.Refuse(func(string) error { return c.answer }, nil)
			} else {
				server.Refuse(nil, func(mailtest.Letter) error { return c.answer })
			}
			var refused *mail.Refusal
			err := s.Send(t.Context(), letter())
			require.Error(t, err)
			if !c.refusal {
				require.NotErrorAs(t, err, &refused, "%s: %v", at, c.answer)
				continue
			}
			require.ErrorAs(t, err, &refused, "%s: %v", at, c.answer)
			require.Equal(t, c.permanent, refused.Permanent, "%s: %v", at, c.answer)
		}
	}
	server.Refuse(nil, nil)
	require.NoError(t, s.Send(t.Context(), letter()), "the next letter is sent")
}

// A server that was restarted has ended the connection that is kept.
func TestARestartedServer(t *testing.T) {
	server := mailtest.Start(t, mailtest.Options{})
	s := sender(t, server.Address, nil)
	require.NoError(t, s.Send(t.Context(), letter()))
	server.Stop()
	again := mailtest.Start(t, mailtest.Options{Address: server.Address})
	require.NoError(t, s.Send(t.Context(), letter()))
	require.Len(t, again.Letters(), 1)
	again.Stop()
	err := s.Send(t.Context(), letter())
	require.Error(t, err)
	require.NotErrorAs(t, err, new(*mail.Refusal))
}

// A silent or slow server is left when the time is over.
func TestASilentServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	reached := make(chan struct{}, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		reached <- struct{}{}
		_, _ = bufio.NewReader(c).ReadString('\n') // until the client leaves
	}()
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-reached; cancel() }()
	err = sender(t, l.Addr().String(), nil).Send(ctx, letter())
	require.Error(t, err)
	require.NotErrorAs(t, err, new(*mail.Refusal))
}

// A server that hangs up within a letter has refused that letter: others are sent.
func TestAServerThatHangsUp(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		say := func(s string) { _, _ = c.Write([]byte(s + "\r\n")) }
		say("220 here")
		for in := bufio.NewReader(c); ; {
			line, err := in.ReadString('\n')
			switch {
			case err != nil:
				return
			case strings.HasPrefix(line, "DATA"):
				say("354 go on")
				return
			default:
				say("250 fine")
			}
		}
	}()
	var refused *mail.Refusal
	require.ErrorAs(t, sender(t, l.Addr().String(), nil).Send(t.Context(), letter()), &refused)
	require.False(t, refused.Permanent)
}

// Names and addresses stay apart, and headers stay their own.
func TestComposeCannotBeMisled(t *testing.T) {
	m := letter()
	m.FromName, m.ToName = `x" <evil@evil.example>, "y`, "a\r\nBcc: evil@evil.example"
	m.Subject = "one\r\nBcc: evil@evil.example"
	msg, err := smtp.Compose(m)
	require.NoError(t, err)
	var b strings.Builder
	_, err = msg.WriteTo(&b)
	require.NoError(t, err)
	require.NotRegexp(t, `(?m)^Bcc`, b.String())
	read, err := netmail.ReadMessage(strings.NewReader(b.String()))
	require.NoError(t, err)
	for header, want := range map[string]string{"From": m.From, "To": m.To} {
		all, err := read.Header.AddressList(header)
		require.NoError(t, err)
		require.Len(t, all, 1)
		require.Equal(t, want, all[0].Address)
	}
	for _, bad := range []string{"a@example.com>\r\nRCPT TO:<b@example.com", "a b@example.com", "Name <a@example.com>", ""} {
		m := letter()
		if m.To = bad; bad == "" {
			m.To, m.ReplyTo = "a@example.com", "x"
		}
		_, err := smtp.Compose(m)
		require.Error(t, err, bad)
	}
}

// The first encoded word of a subject stands on the line of its header, whatever the subject
// begins with, no line is too long, and what is read is what was written.
func TestComposeSubjects(t *testing.T) {
	for name, subject := range map[string]string{
		"plain":                      "An app is offered to your account",
		"plain, of several lines":    strings.Repeat("An app is offered to your account ", 4) + "again",
		"plain, one long word":       strings.Repeat("x", 64),
		"plain, the longest word":    strings.Repeat("x", 63),
		"plain, like encoded":        "=?utf-8?q?=E2=80=AE?= or not",
		"Turkish":                    "“Hava durumu haritası ve yağış tahminleri” uygulamasının devir önerisi sona erdi",
		"Cyrillic":                   strings.Repeat("Приложение ", 13) + "ы",
		"one word of many bytes":     strings.Repeat("🙂", 150),
		"ASCII, then something else": strings.Repeat("x", 70) + "ü",
		"marks":                      "a_b=c?d e\"f\"ü",
		"empty":                      "",
	} {
		t.Run(name, func(t *testing.T) {
			m := letter()
			m.Subject = subject
			msg, err := smtp.Compose(m)
			require.NoError(t, err)
			var b strings.Builder
			_, err = msg.WriteTo(&b)
			require.NoError(t, err)
			head, _, _ := strings.Cut(b.String(), "\r\n\r\n")
			require.NotRegexp(t, `(?m)^Subject: *\r\n `, head, "a line without a text")
			for _, line := range strings.Split(head, "\r\n") {
				require.LessOrEqual(t, len(line), 76, line)
			}
			for _, word := range regexp.MustCompile(`=\?UTF-8\?q\?(\S*)\?=`).FindAllStringSubmatch(head, -1) {
				require.LessOrEqual(t, len(word[0]), 75)
				alone, err := new(mime.WordDecoder).Decode(word[0])
				require.NoError(t, err)
				require.True(t, utf8.ValidString(alone), "no character is divided")
				require.NotContains(t, alone, "\ufffd")
			}
			read, err := netmail.ReadMessage(strings.NewReader(b.String()))
			require.NoError(t, err)
			got, err := new(mime.WordDecoder).DecodeHeader(read.Header.Get("Subject"))
			require.NoError(t, err)
			require.Equal(t, subject, got)
		})
	}
}
