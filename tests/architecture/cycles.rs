//! Which files import each other, found by following every path to the file that defines it.
use std::collections::{BTreeMap, BTreeSet};

use crate::Source;
use crate::paths::{Named, paths};

type ModulePath = Vec<String>;

/// The modules of the crate by their paths, each with the paths that its file names.
struct Tree(BTreeMap<ModulePath, Vec<Named>>);

/// Longer chains of re-exports than this are not followed.
const LONGEST_CHAIN: usize = 8;

impl Tree {
    fn new(files: &[Source]) -> Self {
        let named = |file: &Source| {
            let module = module_of(&file.path);
            let named = paths(&file.text, &module);
            (module, named)
        };
        // `lib.rs` is the list of modules itself.
        Self(files.iter().filter(|file| file.path != "src/lib.rs").map(named).collect())
    }

    /// The module whose file defines what `path` names: re-exports are followed.
    fn definition(&self, path: &[String], chain: usize) -> ModulePath {
        let mut module = ModulePath::new();
        for step in path {
            let mut inner = module.clone();
            inner.push(step.clone());
            if self.0.contains_key(&inner) {
                module = inner;
                continue;
            }
            let named = self.0.get(&module).into_iter().flatten();
            let mut exports = named
                .filter(|named| named.exported && named.segments.last() == Some(step))
                .filter_map(|named| self.absolute(&module, named));
            return match exports.find(|export| export != path) {
                Some(export) if chain < LONGEST_CHAIN => self.definition(&export, chain + 1),
                _ => module,
            };
        }
        module
    }

    /// What a path in the file of `module` leads to; `None`: out of the crate. One that begins with
    /// the name of a child leads there.
    fn absolute(&self, module: &ModulePath, named: &Named) -> Option<ModulePath> {
        let below = || {
            let child = [module.as_slice(), &named.segments[..1]].concat();
            self.0.contains_key(&child).then(|| [module.as_slice(), &named.segments].concat())
        };
        named.absolute().or_else(below)
    }

    /// The modules that the file of `module` imports from. Not those above or below it: a module and
    /// what is inside it are one, and `mod.rs` holds what its files share.
    fn imports(&self, module: &ModulePath) -> BTreeSet<ModulePath> {
        let named = self.0.get(module).into_iter().flatten();
        named
            .filter_map(|named| {
                let path = self.absolute(module, named)?;
                let definition = self.definition(&path, 0);
                let one = definition.starts_with(module) || module.starts_with(&definition);
                (!one).then_some(definition)
            })
            .collect()
    }
}

/// Every two files of which each imports from the other.
pub(crate) fn between_files(files: &[Source]) -> Vec<String> {
    let tree = Tree::new(files);
    let imports: BTreeMap<_, _> =
        tree.0.keys().map(|module| (module, tree.imports(module))).collect();
    pairs(&imports)
}

/// Every two neighbouring modules of which each imports from the other, with all that is below them.
pub(crate) fn between_modules(files: &[Source]) -> Vec<String> {
    let tree = Tree::new(files);
    let mut imports: BTreeMap<ModulePath, BTreeSet<ModulePath>> = BTreeMap::new();
    for module in tree.0.keys() {
        for other in tree.imports(module) {
            let shared = module.iter().zip(&other).take_while(|(a, b)| a == b).count();
            let (here, there) = (module[..=shared].to_vec(), other[..=shared].to_vec());
            imports.entry(there.clone()).or_default();
            imports.entry(here).or_default().insert(there);
        }
    }
    pairs(&imports.iter().map(|(module, imports)| (module, imports.clone())).collect())
}

fn pairs(imports: &BTreeMap<&ModulePath, BTreeSet<ModulePath>>) -> Vec<String> {
    let mutual = |here: &ModulePath, there: &ModulePath| {
        here < there && imports.get(there).is_some_and(|back| back.contains(here))
    };
    let of = |(here, all): (&&ModulePath, &BTreeSet<ModulePath>)| {
        let found = all.iter().filter(|there| mutual(here, there));
        let tell = |there: &ModulePath| {
            format!(
                "`{}` and `{}` import from each other: move what both need to a third file",
                here.join("::"),
                there.join("::")
            )
        };
        found.map(tell).collect::<Vec<_>>()
    };
    imports.iter().flat_map(of).collect()
}

/// `src/a/b.rs` and `src/a/b/mod.rs` are `[a, b]`.
pub(crate) fn module_of(path: &str) -> ModulePath {
    let path = path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    path.split('/').map(str::to_owned).collect()
}
