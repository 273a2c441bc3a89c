"""hq in a program: HQuant, Live and what stands on them.  `import hq_core` gives these names."""
