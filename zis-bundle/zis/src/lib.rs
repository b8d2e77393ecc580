//! ZIS bundles: model, linter, emulator.
