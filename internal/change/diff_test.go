package change_test

import (
	"errors"
	"testing"

	"entgo.io/ent/privacy"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/lifecycle"
	"portico/internal/policy"
	"portico/internal/viewer"
)

func TestDiffHasWhatDiffers(t *testing.T) {
	var d change.Diff
	d.Add("same", "a", "a")
	d.Add("none", nil, nil)
	d.Add("empty", "", "")
	d.Add("new", nil, "a")
	d.Add("gone", "a", nil)
	d.Add("changed", 1, 2)
	require.Equal(t, []domain.Change{
		{Field: "new", After: new("a")}, {Field: "gone", Before: new("a")}, {Field: "changed", Before: new("1"), After: new("2")},
	}, d.Changes)
}

func TestAttributesOfNewObjects(t *testing.T) {
	require.Nil(t, change.Attributes())
	require.Equal(t, []domain.Change{{Field: "name", After: new("Acme")}, {Field: "limit", After: new("5")}},
		change.Attributes("name", "Acme", "absent", nil, "limit", 5, "half a pair"))
}

func TestPatchesOfAttributes(t *testing.T) {
	var d change.Diff
	text, flag := "before", true
	setText, setFlag := func(s string) { text = s }, func(b bool) { flag = b }
	change.SetText(&d, "text", "before", input.Patch[string]{}, setText)
	change.SetBool(&d, "flag", true, input.Patch[bool]{}, setFlag)
	require.Nil(t, d.Changes)
	require.Equal(t, "before", text)
	require.True(t, flag)
	change.SetText(&d, "text", "before", input.Patch[string]{Set: true, Value: new("after")}, setText)
	change.SetBool(&d, "flag", true, input.Patch[bool]{Set: true, Value: new(false)}, setFlag)
	require.Equal(t, "after", text)
	require.False(t, flag)
	change.SetText(&d, "text", "after", input.Patch[string]{Set: true}, setText)
	require.Empty(t, text)
	require.Len(t, d.Changes, 3)
}

func TestErrorsOfTheStorageHaveCodes(t *testing.T) {
	require.NoError(t, change.PublicError(nil))
	known, invalid := fault.Conflict("So."), fault.Input(fault.Required, "name", "So.")
	require.Same(t, known, change.PublicError(known))
	require.Equal(t, invalid, change.PublicError(invalid))
	for want, err := range map[fault.Code]error{
		fault.CodeForbidden: privacy.Denyf("rowpolicy: no"), fault.CodeNotFound: &db.NotFoundError{},
	} {
		var f *fault.Error
		require.ErrorAs(t, change.PublicError(err), &f, "%v", err)
		require.Equal(t, want, f.Code)
	}
	other := errors.New("something else")
	require.Equal(t, other, change.PublicError(other), "it is presented as INTERNAL")
	require.Equal(t, other, change.Taken(other, "name", "It is taken."))
}

func TestRefusalsAreErrors(t *testing.T) {
	organization, account := uuid.New(), uuid.New()
	admin := viewer.Viewer{Role: viewer.Admin, OrganizationID: organization, UserID: uuid.New()}
	developer := viewer.Viewer{Role: viewer.Portal, OrganizationID: organization, AccountID: account}
	suspended := developer
	suspended.AccountSuspended = true
	refused := func(v viewer.Viewer, r policy.Request) error { return change.Refusal(policy.Decide(v, r)) }
	require.NoError(t, refused(admin, policy.UpdateApp(organization, account)))
	for name, c := range map[string]struct {
		err    error
		code   fault.Code
		reason fault.Reason
	}{
		"the role":            {refused(developer, policy.RestoreApp(organization)), fault.CodeForbidden, fault.ReasonRole},
		"another's":           {refused(admin, policy.RestoreApp(account)), fault.CodeNotFound, ""},
		"a suspended account": {refused(suspended, policy.UpdateApp(organization, account)), fault.CodeForbidden, fault.ReasonAccountSuspended},
		"a policy":            {refused(admin, policy.DisableUser(organization, admin.UserID)), fault.CodeForbidden, fault.ReasonPolicy},
	} {
		var f *fault.Error
		require.ErrorAs(t, c.err, &f, name)
		require.Equal(t, c.code, f.Code, name)
		if c.reason != "" {
			require.Equal(t, c.reason, f.Reason, name)
		}
	}
	p := fault.Problems(refused(admin, policy.OnCredential(lifecycle.Update, organization, account, access.Development, access.CredentialRevoked, false)))
	require.Len(t, p, 1)
	require.Equal(t, fault.WrongStatus, p[0].Code)
	require.Empty(t, p[0].Field)
}

func TestRefusalInAStateNamesTheField(t *testing.T) {
	organization, account := uuid.New(), uuid.New()
	tx := &change.Tx{Viewer: viewer.Viewer{Role: viewer.Admin, OrganizationID: organization}}
	at := func(s access.CredentialStatus) policy.Request {
		return policy.OnCredential(lifecycle.Update, organization, account, access.Development, s, false)
	}
	require.NoError(t, tx.Authorize(at(access.CredentialActive)))
	require.Error(t, tx.Authorize(at(access.CredentialRevoked)))
	require.NoError(t, tx.AuthorizeInState(at(access.CredentialActive), "credentialId", "ACTIVE"))
	p := fault.Problems(tx.AuthorizeInState(at(access.CredentialRevoked), "credentialId", "REVOKED"))
	require.Len(t, p, 1)
	require.Equal(t, []string{"credentialId"}, p[0].Field)
	require.Equal(t, []fault.Param{{Name: "status", Value: "REVOKED"}}, p[0].Params)
	foreign := tx.AuthorizeInState(policy.RestoreApp(account), "appId", "")
	require.Equal(t, fault.NotFound(), foreign, "no state refuses another's")
}

func TestChangesOfWhatOthersHaveChanged(t *testing.T) {
	require.NoError(t, change.ExpectOneRow(1, nil))
	broken := errors.New("broken")
	require.Equal(t, broken, change.ExpectOneRow(1, broken))
	var f *fault.Error
	require.ErrorAs(t, change.ExpectOneRow(0, nil), &f)
	require.Equal(t, fault.CodeConflict, f.Code)
	require.NoError(t, change.CheckVersion(nil, 3))
	require.NoError(t, change.CheckVersion(new(3), 3))
	require.ErrorAs(t, change.CheckVersion(new(2), 3), &f)
	require.Equal(t, fault.ReasonStaleVersion, f.Reason)
}
