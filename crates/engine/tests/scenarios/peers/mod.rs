//! Defects of other products, told as stories. One file a defect, named as its project names it; Davy must not have them.

mod ekuiper_530;
mod grafana_105571;
mod kapacitor_744;
mod prometheus_15175;
mod thingsboard_14210;
mod thingsboard_15583;
