//! A disk in memory that is as bad as disks may be. What was not synced is lost when the power goes, in any order and in
//! pieces of a sector; names too. Writes fail half-way, and a sync that has failed once never tells again what it lost.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
};

use playhead::log::segment::disk::{Disk, DiskFile};
use rand::{RngExt, SeedableRng, rngs::StdRng};

const SECTOR: usize = 512;

/// How the disk behaves.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weather {
    /// How likely a write or sync fails.
    pub trouble: f64,
    /// After so many calls the power goes.
    pub power_for: Option<u64>,
    /// Syncs are answered and not done: no log can live on such a disk, and the proof has to notice.
    pub lies: bool,
}

#[derive(Debug)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Size(usize),
}

/// What processes see of a file, what survives, and the changes between.
#[derive(Debug, Default)]
struct Content {
    now: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<Change>,
}

type Names = BTreeMap<PathBuf, usize>;

#[derive(Debug)]
enum Naming {
    Add(PathBuf, usize),
    Remove(PathBuf),
    Rename(PathBuf, PathBuf),
}

#[derive(Debug)]
struct State {
    files: Vec<Content>,
    names: Names,
    durable_names: Names,
    unsynced_names: Vec<Naming>,
    weather: Weather,
    calls: u64,
    chance: StdRng,
}

/// See the module; clones are the same disk.
#[derive(Debug, Clone)]
pub struct SimulatedDisk(Arc<Mutex<State>>);

struct File {
    disk: SimulatedDisk,
    id: usize,
}

impl SimulatedDisk {
    /// An empty disk with the luck of this seed.
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            files: Vec::new(),
            names: Names::new(),
            durable_names: Names::new(),
            unsynced_names: Vec::new(),
            weather: Weather::default(),
            calls: 0,
            chance: StdRng::seed_from_u64(seed),
        })))
    }

    /// From now on the disk is like this.
    pub fn set(&self, weather: Weather) {
        let mut state = self.lock();
        (state.weather, state.calls) = (weather, 0);
    }

    /// Calls since the weather was set.
    pub fn calls(&self) -> u64 {
        self.lock().calls
    }

    /// Whether the power has gone.
    pub fn is_dead(&self) -> bool {
        self.lock().has_no_power()
    }

    /// The power goes and comes back: of what was not synced any part is there, and the weather is fine. Whoever had the
    /// disk open before must be gone.
    pub fn crash(&self) {
        let mut state = self.lock();
        let State { files, names, durable_names, unsynced_names, chance, .. } = &mut *state;
        for file in files {
            let share = [0.0, 0.1, 0.5, 0.9, 1.0][chance.random_range(0..5)];
            for change in file.unsynced.drain(..) {
                apply_some(&mut file.durable, change, |_| chance.random_bool(share));
            }
            file.now = file.durable.clone();
        }
        for naming in unsynced_names.drain(..) {
            if chance.random_bool(0.5) {
                rename(durable_names, naming);
            }
        }
        *names = durable_names.clone();
        (state.weather, state.calls) = (Weather::default(), 0);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn on(&self, path: &Path) -> io::Result<(MutexGuard<'_, State>, usize)> {
        let mut state = self.lock();
        state.call()?;
        let id = *state.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok((state, id))
    }

    fn file(&self, id: usize) -> Arc<dyn DiskFile> {
        Arc::new(File { disk: self.clone(), id })
    }
}

impl State {
    fn has_no_power(&self) -> bool {
        self.weather.power_for.is_some_and(|calls| self.calls > calls)
    }

    fn call(&mut self) -> io::Result<()> {
        self.calls += 1;
        if self.has_no_power() { Err(io::Error::other("no power")) } else { Ok(()) }
    }

    /// A call that may fail: none if it shall.
    fn fails(&mut self) -> io::Result<Option<io::Error>> {
        self.call()?;
        let trouble = self.weather.trouble;
        if !self.chance.random_bool(trouble) {
            return Ok(None);
        }
        let code = if self.chance.random_bool(0.5) { libc::EIO } else { libc::ENOSPC };
        Ok(Some(io::Error::from_raw_os_error(code)))
    }

    fn name(&mut self, naming: impl Fn() -> Naming) {
        rename(&mut self.names, naming());
        self.unsynced_names.push(naming());
    }

    fn change(&mut self, id: usize, change: impl Fn() -> Change) {
        apply_some(&mut self.files[id].now, change(), |_| true);
        self.files[id].unsynced.push(change());
    }

    fn sync(&mut self, id: usize) -> io::Result<()> {
        let failure = self.fails()?;
        if self.weather.lies {
            return Ok(());
        }
        let State { files, chance, .. } = self;
        let file = &mut files[id];
        for change in file.unsynced.drain(..) {
            // What a failed sync has not written counts as written from then on.
            apply_some(&mut file.durable, change, |_| failure.is_none() || chance.random_bool(0.5));
        }
        failure.map_or(Ok(()), Err)
    }
}

fn rename(names: &mut Names, naming: Naming) {
    match naming {
        Naming::Add(path, id) => drop(names.insert(path, id)),
        Naming::Remove(path) => drop(names.remove(&path)),
        Naming::Rename(from, to) => {
            if let Some(id) = names.remove(&from) {
                names.insert(to, id);
            }
        }
    }
}

/// Applies those sectors of a change that `keeps` says.
fn apply_some(content: &mut Vec<u8>, change: Change, mut keeps: impl FnMut(usize) -> bool) {
    match change {
        Change::Size(size) if keeps(0) => content.resize(size, 0),
        Change::Size(_) => {}
        Change::Write { at, bytes } => {
            let mut from = 0;
            while from < bytes.len() {
                // Sectors are places of the disk and not of the write.
                let until = bytes.len().min(from + SECTOR - (at + from) % SECTOR);
                if keeps(from) {
                    content.resize(content.len().max(at + until), 0);
                    content[at + from..at + until].copy_from_slice(&bytes[from..until]);
                }
                from = until;
            }
        }
    }
}

impl Disk for SimulatedDisk {
    fn make_dir(&self, _: &Path) -> io::Result<()> {
        self.lock().call()
    }

    fn lock(&self, _: &Path) -> io::Result<Box<dyn Send + Sync>> {
        self.lock().call()?;
        Ok(Box::new(()))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<(String, u64)>> {
        let mut state = self.lock();
        state.call()?;
        let here = state.names.iter().filter(|(path, _)| path.parent() == Some(dir));
        let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
        Ok(here.map(|(path, id)| (name(path), state.files[*id].now.len() as u64)).collect())
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        let mut state = self.lock();
        state.call()?;
        Ok(state.names.contains_key(path))
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.lock();
        if let Some(failure) = state.fails()? {
            return Err(failure);
        }
        if let Some(&id) = state.names.get(path) {
            state.change(id, || Change::Size(0));
            return Ok(self.file(id));
        }
        let id = state.files.len();
        state.files.push(Content::default());
        state.name(|| Naming::Add(path.to_owned(), id));
        Ok(self.file(id))
    }

    fn open(&self, path: &Path, _: bool) -> io::Result<Arc<dyn DiskFile>> {
        let (state, id) = self.on(path)?;
        drop(state);
        Ok(self.file(id))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (mut state, _) = self.on(from)?;
        state.name(|| Naming::Rename(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let (mut state, _) = self.on(path)?;
        state.name(|| Naming::Remove(path.to_owned()));
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.lock();
        if let Some(failure) = state.fails()? {
            return Err(failure);
        }
        assert!(state.names.keys().all(|path| path.parent() == Some(dir)), "one directory is all there is");
        let State { durable_names, unsynced_names, .. } = &mut *state;
        unsynced_names.drain(..).for_each(|naming| rename(durable_names, naming));
        Ok(())
    }

    fn free_bytes(&self, _: &Path) -> io::Result<u64> {
        Ok(1 << 40)
    }
}

impl DiskFile for File {
    fn size(&self) -> io::Result<u64> {
        let mut state = self.disk.lock();
        state.call()?;
        Ok(state.files[self.id].now.len() as u64)
    }

    fn read_exact_at(&self, buffer: &mut [u8], at: u64) -> io::Result<()> {
        let mut state = self.disk.lock();
        state.call()?;
        let from = at as usize;
        let bytes =
            state.files[self.id].now.get(from..from + buffer.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(bytes);
        Ok(())
    }

    fn write_all_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        let mut state = self.disk.lock();
        let failure = state.fails()?;
        let written =
            if failure.is_some() { state.chance.random_range(0..=bytes.len()) } else { bytes.len() };
        state.change(self.id, || Change::Write { at: at as usize, bytes: bytes[..written].to_vec() });
        failure.map_or(Ok(()), Err)
    }

    fn set_size(&self, bytes: u64) -> io::Result<()> {
        let mut state = self.disk.lock();
        if let Some(failure) = state.fails()? {
            return Err(failure);
        }
        state.change(self.id, || Change::Size(bytes as usize));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.disk.lock().sync(self.id)
    }

    fn sync_all(&self) -> io::Result<()> {
        self.disk.lock().sync(self.id)
    }
}
