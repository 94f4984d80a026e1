"""The formats that travel: bundle, receipt, roster, enrolment."""
