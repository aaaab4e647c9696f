"""The gatherings themselves: their life from draft to completed or cancelled."""
