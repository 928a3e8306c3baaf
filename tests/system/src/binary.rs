//! The program under test.

use std::path::PathBuf;

use crate::WorldError;

/// The `interlock` that was built beside this test, in the same profile.
pub fn interlock_binary() -> Result<PathBuf, WorldError> {
    // target/PROFILE/deps/system-HASH: the program is two folders up.
    let here = std::env::current_exe().map_err(WorldError::io("find the test's own file"))?;
    let looked = here
        .ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join("interlock"))
        .find(|path| path.is_file());
    looked.ok_or_else(|| WorldError::NotBuilt {
        looked: here.with_file_name("interlock"),
    })
}
