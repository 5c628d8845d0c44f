package domain

import "time"

// AppTransferStatus is what has become of the offer of an app to another account.
type AppTransferStatus string

// The states of an offer. All but the first are final.
const (
	// TransferPending: the receiving account has not answered.
	TransferPending   AppTransferStatus = "PENDING"
	TransferAccepted  AppTransferStatus = "ACCEPTED"
	TransferDeclined  AppTransferStatus = "DECLINED"
	TransferCancelled AppTransferStatus = "CANCELLED"
	// TransferExpired: nobody has answered in time. It holds from that time on, whether it
	// is stored yet or not.
	TransferExpired AppTransferStatus = "EXPIRED"
)

// Values lists the constants, for ent.
func (AppTransferStatus) Values() []string {
	return names(TransferPending, TransferAccepted, TransferDeclined, TransferCancelled, TransferExpired)
}

// At returns the status at a time, of an offer that can be answered until end.
func (s AppTransferStatus) At(now, end time.Time) AppTransferStatus {
	if s == TransferPending && !end.After(now) {
		return TransferExpired
	}
	return s
}
