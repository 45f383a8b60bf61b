"""The demonstration: processes that meet the hub from outside, as real devices and departments would."""
