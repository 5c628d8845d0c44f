package policy

import "github.com/google/uuid"

func onUser(a action, organizationID, userID uuid.UUID) Request {
	return Request{action: a, organizationID: organizationID, userID: userID}
}

// UpdateUser returns the request to change a user's own attributes, such as the name.
func UpdateUser(organizationID, userID uuid.UUID) Request {
	return onUser(userUpdate, organizationID, userID)
}

// ChangeUserRole returns the request to change what a user is in the organization, besides
// those to make or remove staff.
func ChangeUserRole(organizationID, userID uuid.UUID) Request {
	return onUser(userChangeRole, organizationID, userID)
}

// DisableUser returns the request to disable a user.
func DisableUser(organizationID, userID uuid.UUID) Request {
	return onUser(userDisable, organizationID, userID)
}

// EnableUser returns the request to enable a disabled user.
func EnableUser(organizationID, userID uuid.UUID) Request {
	return onUser(userEnable, organizationID, userID)
}

// UnlockUser returns the request to end the lockout of a user after failed
// sign-ins.
func UnlockUser(organizationID, userID uuid.UUID) Request {
	return onUser(userUnlock, organizationID, userID)
}

// DeleteUser returns the request to delete a user.
func DeleteUser(organizationID, userID uuid.UUID) Request {
	return onUser(userDelete, organizationID, userID)
}

// SendPasswordReset returns the request to send a user a link that sets a new
// password.
func SendPasswordReset(organizationID, userID uuid.UUID) Request {
	return onUser(userSendReset, organizationID, userID)
}

// ResetTotp returns the request to remove the second factor of a user who has lost it.
func ResetTotp(organizationID, userID uuid.UUID) Request {
	return onUser(userResetTotp, organizationID, userID)
}
