//! Between what is kept for calculated tags and a snapshot's layout.

use super::{
    SnapshotError,
    convert::{quality, unless_never},
    layout::{CellState, KeptState, MemoryState, OpenState, SeenState},
};
use crate::{
    Engine,
    alarm::NEVER,
    memory::{Cell, Kept, Memory, Open},
};

impl Engine {
    pub(super) fn remember_again(&mut self, states: &[MemoryState]) -> Result<(), SnapshotError> {
        if states.len() != self.memories.len() {
            return Err(SnapshotError::Unfit("another number of calculated tags"));
        }
        for (memory, state) in self.memories.iter_mut().zip(states) {
            if state.inputs.len() != memory.inputs.len() {
                return Err(SnapshotError::Unfit("a calculated tag with another number of inputs"));
            }
            *memory = state.to_memory()?;
        }
        Ok(())
    }
}

impl MemoryState {
    pub(super) fn of(memory: &Memory) -> MemoryState {
        MemoryState {
            inputs: memory.inputs.iter().map(KeptState::of).collect(),
            command: memory.command.map(SeenState::of),
            due_us: unless_never(memory.due_us),
        }
    }

    fn to_memory(&self) -> Result<Memory, SnapshotError> {
        Ok(Memory {
            inputs: self.inputs.iter().map(KeptState::to_kept).collect::<Result<_, _>>()?,
            command: self.command.map(SeenState::to_seen).transpose()?,
            due_us: self.due_us.unwrap_or(NEVER),
        })
    }
}

impl KeptState {
    fn of(kept: &Kept) -> KeptState {
        KeptState {
            readings: kept.readings.iter().map(|seen| SeenState::of(*seen)).collect(),
            cells: kept.cells.iter().map(CellState::of).collect(),
            open: kept.open.map(|open| OpenState {
                value: open.value,
                quality: u32::from(open.quality.code()),
                summed_us: open.summed_us,
                since_us: open.since_us,
                area_before: open.area_before,
            }),
        }
    }

    fn to_kept(&self) -> Result<Kept, SnapshotError> {
        let open = |state: OpenState| {
            let OpenState { value, summed_us, since_us, area_before, .. } = state;
            Ok(Open { value, quality: quality(state.quality)?, since_us, summed_us, area_before })
        };
        Ok(Kept {
            readings: self.readings.iter().map(|seen| seen.to_seen()).collect::<Result<_, _>>()?,
            cells: self.cells.iter().map(|cell| cell.to_cell()).collect::<Result<_, _>>()?,
            open: self.open.map(open).transpose()?,
        })
    }
}

impl CellState {
    fn of(cell: &Cell) -> CellState {
        CellState {
            begins_us: cell.begins_us,
            from_us: cell.from_us,
            until_us: cell.until_us,
            covered_us: cell.covered_us,
            area: cell.area,
            min: cell.min,
            max: cell.max,
            last: cell.last,
            readings: cell.readings,
            quality: u32::from(cell.quality.code()),
        }
    }

    fn to_cell(self) -> Result<Cell, SnapshotError> {
        Ok(Cell {
            begins_us: self.begins_us,
            from_us: self.from_us,
            until_us: self.until_us,
            covered_us: self.covered_us,
            area: self.area,
            min: self.min,
            max: self.max,
            last: self.last,
            readings: self.readings,
            quality: quality(self.quality)?,
        })
    }
}
