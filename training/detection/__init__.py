"""What a detector's training needs beside its net, its losses and its data: judging it while it learns."""
